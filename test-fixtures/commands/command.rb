# SPDX-License-Identifier: Apache-2.0
# A command in Ruby: docs/commands.md. Tells what it was started with, and ends with FIXTURE_STATUS.
warm = (1..1000).to_h { |number| [number, number * number] }

# Ruby sends itself no signal that it handles or ignores, so this needs ckpt. FIXTURE_COLD is for the run to compare with.
unless ENV["FIXTURE_COLD"]
  program = File.readlink("/proc/self/exe")
  trap("USR2", "SYSTEM_DEFAULT")
  Process.kill(:USR2, Process.pid)
  if File.readlink("/proc/self/exe") != program
    ARGV.replace(File.read("/proc/self/cmdline").split("\0", -1)[1..-2])
    ENV.replace(File.read("/proc/self/environ").split("\0").to_h { |variable| variable.split("=", 2) })
  end
end

puts "warm #{warm[999]}"
ARGV.each { |argument| puts "argument <#{argument}>" }
puts "directory #{Dir.pwd}"
%w[FIXTURE_VALUE FIXTURE_CAPTURE].each { |name| puts "variable #{name} <#{ENV.fetch(name, 'none')}>" }
puts "variable of a child #{`printf '<%s>' "$FIXTURE_VALUE" "$FIXTURE_CAPTURE"`}"
input = $stdin.binmode.read
print "input #{input.bytesize} <", input, ">\n"
exit ENV.fetch("FIXTURE_STATUS", "0").to_i
