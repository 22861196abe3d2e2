# SPDX-License-Identifier: Apache-2.0
# A signal that another thread takes has to wake the main thread, and children have to be waited for. Ruby before 3.3 does that only in
# the process whose id it has written down.
$stdout.sync = true
GETTID = 186
TGKILL = 234
SIGUSR1 = 10

reader, writer = IO.pipe
main = Thread.main
trap("USR1") { writer.write_nonblock("x") }

def fail_with(message)
  puts "FAIL: #{message}"
  exit 1
end

def expect_children(count)
  count.times do |number|
    pid = spawn("exit #{number % 7}")
    _, status = Process.wait2(pid)
    fail_with("child #{number} ended with #{status.inspect}") unless status.exitstatus == number % 7
  end
end

# Main sleeps when the signal comes, and nobody but its handler can wake it before the time is over.
def expect_woken(main, reader, round)
  pid = File.readlink("/proc/self").to_i
  sender = Thread.new do
    Thread.pass until main.status == "sleep"
    syscall(TGKILL, pid, syscall(GETTID), SIGUSR1)
    Thread.stop
  end
  fail_with("signal #{round} woke nobody") unless IO.select([reader], nil, nil, 10)
  reader.read_nonblock(16)
  sender.kill.join
end

puts "READY"
fail_with("no word to go on") unless $stdin.gets
50.times { |round| expect_woken(main, reader, round) }
expect_children(100)
puts "PASS"
