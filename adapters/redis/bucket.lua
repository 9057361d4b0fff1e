-- A token bucket as one number: the moment, in milliseconds, when it will be full again. Time is
-- this server's, so that gateways whose clocks differ count alike.
--
-- KEYS[1]  the bucket
-- ARGV     'take', 'peek' or 'charge'; milliseconds in which one is refilled; how many it holds
-- Returns 0 when there is one, else the milliseconds until there is.
local act, interval, burst = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local whole = burst * interval

-- Never further ahead than what can be owed: the server's clock may have been set back, and the
-- value may have been written by somebody else.
local full = tonumber(redis.call('GET', KEYS[1])) or now
-- Put so that what is no number at all counts as full too.
if not (full > now) then full = now end
full = math.min(full, now + 2 * whole)

local after = full + interval
local wait = after - now - whole
-- The rounding of sums is above this.
if wait <= 0.01 then wait = 0 end

if act == 'charge' then
  after = math.min(after, now + 2 * whole)
elseif act == 'peek' or wait > 0 then
  return math.ceil(wait)
end
redis.call('SET', KEYS[1], string.format('%.4f', after), 'PX', math.ceil(after - now))
return 0
