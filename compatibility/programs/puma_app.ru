# SPDX-License-Identifier: Apache-2.0
# Counts requests and remembers their queries.
seen = +""
lock = Mutex.new
run(lambda do |env|
  body = lock.synchronize do
    seen << env["QUERY_STRING"]
    "#{seen.size} #{seen}"
  end
  [200, { "content-type" => "text/plain" }, [body]]
end)
