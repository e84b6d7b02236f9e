package barong

// Sign returns the value of X-Auth-Signature.
var Sign = sign

// PerUser is the limit of sessions and keys per user.
const PerUser = perUser
