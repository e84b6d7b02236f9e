# frozen_string_literal: true

# A publisher as Peatio 1.8 is one. It declares both exchanges as Peatio does,
# by their type and with Bunny's defaults for the rest, prints "declared", and
# publishes what its input says, one object a line:
#
#   {"exchange": "trade", "payload": {…}, "attrs": {"headers": {…}}}
#
# It ends when its input does.

require 'bunny'
require 'json'

connection = Bunny.new(
  host:  ENV.fetch('RABBITMQ_HOST'),
  port:  ENV.fetch('RABBITMQ_PORT').to_i,
  user:  ENV.fetch('RABBITMQ_USER'),
  pass:  ENV.fetch('RABBITMQ_PASSWORD'),
  vhost: ENV.fetch('RABBITMQ_VHOST')
)
connection.start
channel = connection.create_channel
exchanges = {
  'orderbook' => channel.send(:fanout, ENV.fetch('ORDERBOOK_EXCHANGE')),
  'trade'     => channel.send(:headers, ENV.fetch('TRADE_EXCHANGE'))
}

$stdout.sync = true
puts 'declared'

$stdin.each_line do |line|
  message = JSON.parse(line)
  attrs = message.fetch('attrs').transform_keys(&:to_sym)
  exchanges.fetch(message.fetch('exchange')).publish(JSON.dump(message.fetch('payload')), attrs)
end
connection.close
