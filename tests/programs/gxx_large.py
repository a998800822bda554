# SPDX-License-Identifier: MIT
"""g++: a large generated file, full of templates, compiled to the same object and a program."""

import random

from trial import check, main

HEAD = """
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <regex>
#include <string>
#include <tuple>
#include <unordered_map>
#include <variant>
#include <vector>

template <unsigned N> struct Chain {
    using type = std::tuple<std::integral_constant<unsigned, N * 2654435761u>, typename Chain<N - 1>::type>;
    static constexpr std::uint64_t value = N * 31u + Chain<N - 1>::value;
};
template <> struct Chain<0> {
    using type = std::tuple<>;
    static constexpr std::uint64_t value = 7;
};
"""

UNIT = """
namespace unit{n} {{
struct Item {{
    std::string name;
    std::variant<int, double, std::string> value;
    std::vector<std::unique_ptr<Item>> children;
}};
std::uint64_t walk(const Item &item) {{
    return std::accumulate(item.children.begin(), item.children.end(), std::uint64_t{{{a}}},
                           [](std::uint64_t sum, const auto &child) {{ return sum * {b}u + walk(*child); }});
}}
std::uint64_t run(unsigned seed) {{
    std::map<std::string, Item> items;
    std::unordered_map<unsigned, std::function<unsigned(unsigned)>> calls;
    for (unsigned i = 0; i < {c}; i++) {{
        seed = seed * 1664525u + 1013904223u;
        Item &item = items["{word}" + std::to_string(seed % {d})];
        item.value = std::to_string(i);
        item.children.push_back(std::make_unique<Item>());
        calls[seed % {e}] = [seed](unsigned x) {{ return x ^ seed; }};
    }}
    std::uint64_t sum = Chain<{depth}>::value;
    for (const auto &[name, item] : items)
        sum = sum * 131 + name.size() + walk(item) + std::get<std::string>(item.value).size();
    for (unsigned key = 0; key < {e}; key++)
        if (const auto call = calls.find(key); call != calls.end())
            sum += call->second({a});
    return sum;
}}
}} // namespace unit{n}
"""


MAIN = """
int main() {{
    std::uint64_t sum = 0;
    for (unsigned round = 0; round < 200; round++) {{
{calls}
    }}
    std::printf("%llu\\n", static_cast<unsigned long long>(sum));
}}
"""


def source(units):
    rng = random.Random(14)
    text = [HEAD]
    for n in range(units):
        numbers = {name: rng.randrange(10, 400) for name in "abcde"}
        text.append(UNIT.format(n=n, word=f"word{rng.random()}", depth=150 + n, **numbers))
    calls = "\n".join(f"        sum = sum * 3 + unit{n}::run(round);" for n in range(units))
    text.append(MAIN.format(calls=calls))
    return "".join(text)


def test(trial):
    file, product = trial.work / "large.cpp", trial.work / "large.o"
    file.write_text(source(12))
    objects = []
    for preload in (False, True):
        argv = ["g++", "-std=c++17", "-O1", "-g", "-c", file, "-o", product]
        trial.run(argv, preload=preload, programs=["cc1plus", "as"])
        objects.append(product.read_bytes())
    check(objects[0] == objects[1], "the object file differs under the library")
    program = trial.work / "large"
    trial.run(["g++", product, "-o", program], preload=True)
    trial.same([program])


main(test, needs=["g++", "as"])
