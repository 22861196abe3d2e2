-- SPDX-License-Identifier: Apache-2.0
-- A command in Lua with luaposix: docs/commands.md. Tells what it was started with, and ends with FIXTURE_STATUS.
local unistd, signal, stdlib = require("posix.unistd"), require("posix.signal"), require("posix.stdlib")

local warm = {}
for number = 1, 1000 do warm[number] = number * number end

local function strings(path)
  local list = {}
  for text in assert(io.open(path, "rb")):read("a"):gmatch("([^\0]*)\0") do list[#list + 1] = text end
  return list
end

local program = assert(unistd.readlink("/proc/self/exe"))
signal.signal(signal.SIGUSR2, signal.SIG_IGN)
signal.kill(unistd.getpid(), signal.SIGUSR2)
if unistd.readlink("/proc/self/exe") ~= program then
  arg = table.move(strings("/proc/self/cmdline"), 1, 1 << 21, 0)
  for name in pairs(stdlib.getenv()) do stdlib.setenv(name) end
  for _, text in ipairs(strings("/proc/self/environ")) do stdlib.setenv(text:match("^([^=]*)=(.*)$")) end
end

print("warm " .. warm[999])
for _, argument in ipairs(arg) do print("argument <" .. argument .. ">") end
print("directory " .. unistd.getcwd())
for _, name in ipairs({"FIXTURE_VALUE", "FIXTURE_CAPTURE"}) do print("variable " .. name .. " <" .. (os.getenv(name) or "none") .. ">") end
print("variable of a child " .. io.popen([[printf '<%s>' "$FIXTURE_VALUE" "$FIXTURE_CAPTURE"]]):read("a"))
local input = io.read("a")
print("input " .. #input .. " <" .. input .. ">")
os.exit(tonumber(os.getenv("FIXTURE_STATUS") or "0"), true)
