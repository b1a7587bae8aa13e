-- The request, or one for each bearer in turn, and a last line that a program can read.
-- Arguments: method, bytes of the body, file of bearers.
function init(args)
  local body = nil
  if tonumber(args[2]) > 0 then body = string.rep("x", tonumber(args[2])) end
  wrk.method = args[1]
  wrk.body = body
  if body then wrk.headers["Content-Type"] = "application/octet-stream" end
  local requests = {}
  for token in io.lines(args[3]) do
    wrk.headers["Authorization"] = "Bearer " .. token
    requests[#requests + 1] = wrk.format()
  end
  local turn = 0
  wrk.request = function()
    turn = turn % #requests + 1
    return requests[turn]
  end
  if #requests > 1 then request = wrk.request end
end

function done(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format("RESULT %d %d %d %d %d\n", summary.requests, failed, summary.duration,
    latency:percentile(50), latency:percentile(99)))
end
