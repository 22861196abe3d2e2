# SPDX-License-Identifier: Apache-2.0
# A basket in memory, filled over HTTP; a thread ticks.
require "webrick"

basket = Hash.new(0)
ticks = 0
Thread.new { loop { sleep 0.01; ticks += 1 } }

server = WEBrick::HTTPServer.new(BindAddress: "127.0.0.1", Port: ARGV[0].to_i, AccessLog: [],
                                 Logger: WEBrick::Log.new(File::NULL))
server.mount_proc("/put") do |request, response|
  request.query.each { |kind, number| basket[kind] += number.to_i }
  response.body = "#{basket.size} kinds"
end
server.mount_proc("/basket") do |_, response|
  response.body = basket.sort.map { |kind, number| "#{kind} #{number}" }.join(", ")
end
server.mount_proc("/work") do |_, response|
  before = ticks
  sleep 0.01 while ticks == before
  fibers = Array.new(4) { |i| Fiber.new { Fiber.yield i; i } }
  resumed = fibers.count { |fiber| fiber.resume == fiber.resume }
  100.times { Array.new(1000) { "garbage" * 10 } }
  GC.start
  GC.compact
  response.body = "ticked, #{resumed} fibers, compacted"
end
server.start
