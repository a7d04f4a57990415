local function e(...) print(pcall(...)) end
print(cjson.encode({1,2,3}), cjson.encode({}), cjson.encode({a=1}), cjson.encode("a\"b\\c/d\n\t\r\b\f\1\127é"), cjson.encode(1.5), cjson.encode(1e20), cjson.encode(-0), cjson.encode(true), cjson.encode(nil), cjson.encode(cjson.null), cjson.encode(0.1), cjson.encode(123456789012345678))
print(cjson.encode({[1]=1,[2]=2,[4]=4}), cjson.encode({[3]=1}), cjson.encode({[1.5]=1}), cjson.encode({1,nil,3}), cjson.encode({x={y={z={}}}}), cjson.encode({[-1]=1}), cjson.encode({a=1,b=2,c=3,d=4,e=5,f=6,g=7,h=8,i=9,j=10}))
e(cjson.encode, {[100]=1}) e(cjson.encode, print) e(cjson.encode, 0/0) e(cjson.encode, 1/0) e(cjson.encode, {[true]=1}) e(cjson.encode) e(cjson.encode, 1, 2) e(cjson.encode, coroutine.create(function() end))
local t = {} for i = 1, 1100 do t = {t} end e(cjson.encode, t)
local function show(v, d) if type(v) ~= "table" then return tostring(v) end local o = {} for k, x in pairs(v) do o[#o+1] = tostring(k) .. "=" .. show(x) end return "{" .. table.concat(o, ",") .. "}" end
for _, s in ipairs{'[1,2,3]', '{"a":1,"b":[true,false,null]}', '"x"', '12', '-1.5e3', '"\\u0041\\u00e9\\u20ac\\ud83d\\ude00"', '[]', '{}', ' [ 1 , 2 ] ', '"\\"\\\\\\/\\b\\f\\n\\r\\t"', '0x10', 'inf', '-Infinity', 'nan', '+5', '007', '[1,[2,[3,[4]]]]', '{"z":1,"y":2,"x":3,"w":4,"v":5,"u":6,"t":7}', 'null', 'true', '1e', '1.', '{"a":{"b":{"c":"d"}}}', '-0', '1e400', '"a/b"', '{"1":2}', '{"a":1,"a":2}'} do
  local ok, v = pcall(cjson.decode, s) print(s, ok, show(v))
end
for _, s in ipairs{'', ' ', '[', '[1', '[1,', '[1,]', '{', '{1', '{"a"', '{"a":', '{"a":1', '{"a":1,', '{"a":1,}', 'nul', 'tru', '"abc', '"\\x"', '"\\u12"', '"\\ud800"', '"\\ud800\\u0041"', '"\\udc00"', '1 2', ']', '}', ':', ',', '@', '[1 2]', '{"a" 1}', '{"a":1 "b"}', '{a:1}', "'x'", '-', '--1', '+', '1-2', '[1}', '{"a":1]', 'nullx', '"a\nb', '\0', 'a\0'} do
  local ok, v = pcall(cjson.decode, s) print(s, ok, type(v) == "string" and v or show(v))
end
e(cjson.decode, ("["):rep(1100)) e(cjson.decode) e(cjson.decode, {}) e(cjson.decode, "1", "2")
print(cjson.encode_sparse_array(true)) print(cjson.encode({[100]=1})) print(cjson.encode_sparse_array(false, 3, 5)) e(cjson.encode, {[100]=1}) e(cjson.encode_sparse_array, "x") e(cjson.encode_sparse_array, true, -1) e(cjson.encode_sparse_array, true, 1, 1, 1) cjson.encode_sparse_array(false, 2, 10)
print(cjson.encode_max_depth(5)) e(cjson.encode, {{{{{{}}}}}}) print(cjson.encode({{{{{}}}}})) cjson.encode_max_depth(1000) print(cjson.decode_max_depth(3)) e(cjson.decode, '[[[[1]]]]') cjson.decode_max_depth(1000)
print(cjson.encode_number_precision(3), cjson.encode(3.14159)) cjson.encode_number_precision(14) e(cjson.encode_number_precision, 15) e(cjson.encode_number_precision, 0)
print(cjson.encode_invalid_numbers(true), cjson.encode(1/0), cjson.encode(-1/0)) print(cjson.encode_invalid_numbers("null"), cjson.encode(1/0)) print(cjson.encode_invalid_numbers(false)) e(cjson.encode, 1/0)
print(cjson.decode_invalid_numbers(false)) e(cjson.decode, '0x10') e(cjson.decode, 'inf') e(cjson.decode, '007') e(cjson.decode, '-') cjson.decode_invalid_numbers(true) print(cjson.encode_keep_buffer(false), cjson.encode_keep_buffer(true))
local c2 = cjson.new() c2.encode_number_precision(2) print(c2.encode(1.234), cjson.encode(1.234), c2.null == cjson.null, c2._NAME, c2._VERSION, tostring(cjson.null), type(cjson.null))
print(cjson.encode(cjson.decode('{"name":"x","opts":{"attempts":3,"delay":0,"jobId":"1","backoff":{"type":"exponential","delay":1000}},"data":{"a":[1,2,{"b":null}]},"timestamp":1690000000000}')))
