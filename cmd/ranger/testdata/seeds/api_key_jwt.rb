require 'openssl'
require 'base64'
require 'json'
require 'securerandom'
require 'jwt'
require 'active_support/time'


secret_key = OpenSSL::PKey.read(Base64.urlsafe_decode64('private_key'))
payload = {
  iat: Time.current.to_i,
  exp: 20.minutes.from_now.to_i,
  sub: 'api_key_jwt',
  iss: 'external',
  jti: SecureRandom.hex(12).upcase
}
puts jwt_token = JWT.encode(payload, secret_key, 'RS256')
