/* SPDX-License-Identifier: MIT */
/*
 * Lua on a heap of 1 MiB: a program builds tables and strings, takes more memory than there is,
 * catches the error, and works on.
 */
#include "ending.h"

#include <chunkmalloc/lua.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

CHUNK_HEAP_DEFINE(heap, 1 << 16, 16);

static const char program[] =
    /* Words of a text, counted and sorted. */
    "local function words()\n"
    "    local counts, order = {}, {}\n"
    "    for i = 1, 3000 do\n"
    "        local word = 'word' .. (i * i) % 101\n"
    "        if not counts[word] then order[#order + 1] = word end\n"
    "        counts[word] = (counts[word] or 0) + 1\n"
    "    end\n"
    "    table.sort(order)\n"
    "    local text = table.concat(order, ' '):rep(20)\n"
    "    return #order, #text, counts[order[1]]\n"
    "end\n"
    /* More than there is, of many small things and of a large one. */
    "local function hoard()\n"
    "    local kept = {}\n"
    "    while true do kept[#kept + 1] = { tostring(#kept) .. ' is kept' } end\n"
    "end\n"
    "local function inflate()\n"
    "    return string.rep('x', 1 << 30)\n"
    "end\n"
    "local before = { words() }\n"
    "for _, greedy in ipairs { hoard, inflate, hoard } do\n"
    "    local well, message = pcall(greedy)\n"
    "    assert(not well and message == 'not enough memory', message)\n"
    "    collectgarbage()\n"
    "    local after = { words() }\n"
    "    for i = 1, #before do assert(after[i] == before[i]) end\n"
    "end\n"
    "return table.unpack(before)\n";

static void run(lua_State *state) {
    luaL_openlibs(state);
    if (luaL_loadbufferx(state, program, sizeof program - 1, "program", "t") != LUA_OK ||
        lua_pcall(state, 0, LUA_MULTRET, 0) != LUA_OK) {
        (void)fprintf(stderr, "lua: %s\n", lua_tostring(state, -1));
        exit(1);
    }
    CHECK(lua_tointeger(state, 1) == 51);
    CHECK(lua_tointeger(state, 2) == 7020);
    CHECK(lua_tointeger(state, 3) == 29);
}

int main(void) {
    lua_State *const state = lua_newstate(chunk_lua_alloc, (void *)&heap);
    CHECK(chunk_heap_contains(&heap, state));
    run(state);
    struct chunk_heap_stats stats;
    chunk_heap_get_stats(&heap, &stats);
    CHECK(stats.failures > 0 && stats.peak > stats.chunks * 9 / 10);
    CHECK(lua_gc(state, LUA_GCCOUNT) < 1024);
    lua_close(state);
    check_ending("lua", &heap);
    return 0;
}
