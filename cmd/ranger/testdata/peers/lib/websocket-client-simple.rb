# frozen_string_literal: true

# Stands in for the gem of this name, over the gem `websocket`, in all that a
# client sees which connects, listens and sends:
#
# - handlers run on the client itself (instance_exec), in the reader's thread;
# - every frame is a message, a ping or a close as well, and none is answered:
#   the text "puts msg.data" of a close is its reason;
# - a connection that the server has ended goes unnoticed until something is
#   sent, which then is a close.
#
# The gem loses what comes before its handler is there. Here it waits for it.

require 'monitor'
require 'socket'
require 'uri'
require 'websocket'

module WebSocket
  module Client
    module Simple
      def self.connect(url)
        Client.new(url)
      end

      # Client is one connection. Safe to use from several threads; one handler
      # runs at a time.
      class Client
        def initialize(url)
          @monitor = Monitor.new
          @handlers = {}                           # guarded by @monitor
          @waiting = Hash.new { |h, k| h[k] = [] } # guarded by @monitor: events without a handler yet
          @handshake = ::WebSocket::Handshake::Client.new(url: url)
          @frames = ::WebSocket::Frame::Incoming::Client.new(version: @handshake.version)
          uri = URI.parse(url)
          @socket = TCPSocket.new(uri.host, uri.port)
          @socket.write(@handshake.to_s)
          Thread.new { read }
        end

        def on(event, &handler)
          @monitor.synchronize do
            @handlers[event] = handler
            @waiting.delete(event)&.each { |args| instance_exec(*args, &handler) }
          end
        end

        def send(data, type: :text)
          frame = ::WebSocket::Frame::Outgoing::Client.new(data: data, type: type, version: @handshake.version)
          @monitor.synchronize { @socket.write(frame.to_s) }
        rescue Errno::EPIPE => e
          emit(:close, e)
        end

        private

        def emit(event, *args)
          @monitor.synchronize do
            handler = @handlers[event]
            handler ? instance_exec(*args, &handler) : @waiting[event] << args
          end
        end

        # Byte by byte, so that the handshake takes nothing of the first frame.
        def read
          @handshake << @socket.readchar until @handshake.finished?
          raise "no handshake: #{@handshake.error}" unless @handshake.valid?

          emit(:open)
          loop do
            @frames << @socket.readchar
            while (message = @frames.next)
              emit(:message, message)
            end
          end
        rescue EOFError
          nil # unnoticed, as said above
        rescue StandardError => e
          emit(:error, e)
        end
      end
    end
  end
end
