local function e(...) print(pcall(...)) end
local function hex(s) return (s:gsub(".", function(c) return ("%02x"):format(c:byte()) end)) end
local function show(v) if type(v) ~= "table" then return tostring(v) end local o = {} for k, x in pairs(v) do o[#o+1] = tostring(k) .. "=" .. show(x) end return "{" .. table.concat(o, ",") .. "}" end
for _, v in ipairs{0, 1, 127, 128, 255, 256, 65535, 65536, 4294967295, 4294967296, -1, -32, -33, -128, -129, -32768, -32769, -2147483648, -2147483649, 1.5, 0.1, 1/0, -1/0, 2^53, 2^63, -2^63, 2^64, "", "a", ("x"):rep(31), ("x"):rep(32), ("x"):rep(255), ("x"):rep(256), true, false, {}, {1,2,3}, {a=1}, {1,nil,3}, {[1]=1,[3]=3}, {x={y={1}}}, {[1.5]=2}, print, cjson.null} do
  local p = cmsgpack.pack(v) print(hex(p):sub(1, 80), #p) local ok, u = pcall(cmsgpack.unpack, p) print(ok, show(u))
end
print(hex(cmsgpack.pack(1, "a", nil, {2}))) print(cmsgpack.unpack(cmsgpack.pack(1, "a", true))) print(cmsgpack.unpack_one(cmsgpack.pack(1, 2, 3))) print(cmsgpack.unpack_one(cmsgpack.pack(1, 2, 3), 1)) print(cmsgpack.unpack_one(cmsgpack.pack(1, 2, 3), 2)) print(cmsgpack.unpack_limit(cmsgpack.pack(1, 2, 3), 2)) print(cmsgpack.unpack_limit(cmsgpack.pack(1, 2, 3), 1, 1)) print(cmsgpack.unpack_limit(cmsgpack.pack(1, 2, 3), 5, 2)) print(cmsgpack.unpack(""))
e(cmsgpack.unpack, "\193") e(cmsgpack.unpack, "\217") e(cmsgpack.unpack, "\220\0") e(cmsgpack.unpack, "\147\1") e(cmsgpack.unpack_one, "\1", 5) e(cmsgpack.unpack_one, "\1", -1) e(cmsgpack.unpack_limit, "\1", -1) e(cmsgpack.unpack) e(cmsgpack.unpack, {}) e(cmsgpack.unpack_limit, "\1")
e(function() return cmsgpack.pack() end)
local t = {} for i = 1, 20 do t = {t} end print(hex(cmsgpack.pack(t)))
local big = {} for i = 1, 20 do big[i] = i end print(hex(cmsgpack.pack(big))) local m = {} for i = 1, 20 do m["k" .. i] = i end print(hex(cmsgpack.pack(m)))
print(show(cmsgpack.unpack("\222\0\1\161a\1")), pcall(cmsgpack.unpack, "\196\2ab"), show(cmsgpack.unpack("\202\63\192\0\0")), cmsgpack._NAME, cmsgpack._VERSION, cmsgpack._COPYRIGHT, cmsgpack._DESCRIPTION)
