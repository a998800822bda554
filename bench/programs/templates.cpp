// SPDX-License-Identifier: MIT
// A translation unit that is heavy for the compiler: containers, variants, tuples, functions.
#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

template <int N> struct Item {
    int key = N;
    std::string name = std::to_string(N);
    std::array<int, N + 1> values{};
    bool operator<(const Item &other) const {
        return key < other.key;
    }
};

template <int N> int containers() {
    std::map<int, std::vector<Item<N>>> groups;
    std::unordered_map<std::string, std::set<int>> index;
    for (int i = 0; i < 10; i++) {
        groups[i % 3].push_back({});
        index[std::to_string(i)].insert(i * N);
    }
    std::vector<std::tuple<int, std::string, std::shared_ptr<Item<N>>>> rows;
    for (auto &[key, items] : groups)
        rows.emplace_back(key, items.front().name, std::make_shared<Item<N>>(items.front()));
    std::sort(rows.begin(), rows.end(),
              [](const auto &a, const auto &b) { return std::get<0>(a) + N < std::get<0>(b) + N; });
    std::variant<int, std::string, Item<N>> either = Item<N>{};
    const int extra =
        std::visit([](const auto &value) { return static_cast<int>(sizeof value); }, either);
    std::function<int(int)> f = [&](int x) { return x + extra; };
    return std::accumulate(rows.begin(), rows.end(), 0,
                           [&](int sum, const auto &row) { return sum + f(std::get<0>(row)); });
}

template <int... Numbers> int all(std::integer_sequence<int, Numbers...>) {
    return (containers<Numbers>() + ...);
}

int main() {
    return all(std::make_integer_sequence<int, TEMPLATES>{});
}
