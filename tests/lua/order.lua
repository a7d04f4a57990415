-- orders of pairs
local seed = 42
local function rnd(n) seed = (seed * 1103515245 + 12345) % 2147483648 return seed % n end
for round = 1, 200 do
  local t = {}
  local n = rnd(60)
  for i = 1, n do
    local k
    local c = rnd(6)
    if c == 0 then k = rnd(20) elseif c == 1 then k = "k" .. rnd(1000) elseif c == 2 then k = rnd(1000) / 4 elseif c == 3 then k = rnd(2) == 0 elseif c == 4 then k = -rnd(100) else k = ("long"):rep(rnd(20)) .. rnd(50) end
    if rnd(4) == 0 then t[k] = nil else t[k] = i end
  end
  local out = {}
  for k, v in pairs(t) do out[#out+1] = tostring(k) .. "=" .. tostring(v) end
  print(round, #t, table.concat(out, " "))
end
local t = {a=1,b=2,c=3,1,2,3,[10]=4,[2^40]=5,[1.5]=6} for k,v in pairs(t) do print(k,v) end
local t = {x=1,y=2,z=3,w=4,v=5} t.q = 6 for k,v in pairs(t) do print(k,v) end
local t = {} for i = 1, 70 do t["f"..i] = i end for k in pairs(t) do t[k] = nil end for i=1,5 do t["g"..i]=i end for k,v in pairs(t) do print(k,v) end
local t = {1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19} t[21]=1 t[20]=1 for k,v in pairs(t) do print(k,v) end print(#t)
local p = setmetatable({}, {__newindex=function(t,k,v) rawset(t,k,v) end}) for i=1,20 do p["p"..i]=i end for k,v in pairs(p) do print(k,v) end
