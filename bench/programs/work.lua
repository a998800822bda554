-- SPDX-License-Identifier: MIT
-- Lua: small tables, closures, strings, arrays that grow.
local scale = tonumber(arg[1])
local seed = 1
local function random(n)
    seed = (seed * 1103515245 + 12345) % 2147483648
    return seed // 65536 % n
end

local function tree(depth)
    if depth == 0 then return {} end
    return { tree(depth - 1), tree(depth - 1) }
end

local function count(node)
    return node[1] and 1 + count(node[1]) + count(node[2]) or 1
end

for turn = 1, 3 do
    local objects = {}
    for i = 1, scale * 3000 do
        local id = random(scale * 500) + 1
        objects[id] = { id = i, name = "object " .. i, position = { x = i, y = -i } }
    end
    local names = {}
    for _, object in pairs(objects) do names[#names + 1] = object.name:upper() end
    table.sort(names)
    local parts = {}
    for i = 1, #names do parts[i] = names[i]:reverse() end
    local text = table.concat(parts, ",")
    local _, matches = text:gsub("%d+", function(digits) return digits .. "!" end)
    print(turn, #names, #text, matches, count(tree(12)))
end
