package barong

// Sign is what stands in X-Auth-Signature.
var Sign = sign

// PerUser is how many sessions and keys a user may have.
const PerUser = perUser
