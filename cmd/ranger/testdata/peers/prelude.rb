# frozen_string_literal: true

# Loaded before a script whose text stays as it is: what the script prints is
# seen at once, and it does not outlive who holds the other end of its input.

$stdout.sync = true

Thread.new do
  $stdin.read
  exit!
end
