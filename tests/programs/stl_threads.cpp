// SPDX-License-Identifier: MIT
// Containers of the C++ standard library, built, handed on and torn down by four threads at once.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

namespace {

constexpr unsigned threads = 4;
constexpr unsigned rounds = 60;

using Bundle = std::map<std::string, std::vector<std::shared_ptr<std::string>>>;

struct Random {
    std::uint32_t state;
    std::uint32_t operator()(std::uint32_t bound) {
        state = state * 1664525u + 1013904223u;
        return (state >> 8) % bound;
    }
};

// What each thread leaves for its neighbour, which frees it.
class Exchange {
  public:
    void give(unsigned to, Bundle bundle) {
        const std::lock_guard<std::mutex> guard(mutex_);
        waiting_.at(to).push_back(std::move(bundle));
    }
    std::deque<Bundle> take(unsigned who) {
        const std::lock_guard<std::mutex> guard(mutex_);
        return std::exchange(waiting_.at(who), {});
    }

  private:
    std::mutex mutex_;
    std::array<std::deque<Bundle>, threads> waiting_;
};

std::uint64_t mix(std::uint64_t sum, const std::string &text) {
    for (const char c : text) {
        sum = (sum ^ static_cast<unsigned char>(c)) * 1099511628211u;
    }
    return sum;
}

std::uint64_t weigh(const Bundle &bundle) {
    std::uint64_t sum = 14695981039346656037u;
    for (const auto &[key, values] : bundle) {
        sum = mix(sum, key);
        for (const auto &value : values) {
            sum = mix(sum, *value);
        }
    }
    return sum;
}

Bundle make_bundle(Random &random) {
    Bundle bundle;
    for (unsigned i = 0; i < 1500; i++) {
        const unsigned length = random(200);
        auto text = std::make_shared<std::string>(length, static_cast<char>('a' + random(26)));
        bundle["key" + std::to_string(random(300))].push_back(text);
        bundle["a rather long key that is kept outside of the string " + std::to_string(random(50))]
            .push_back(std::move(text));
    }
    return bundle;
}

std::uint64_t use_containers(Random &random) {
    std::unordered_map<std::uint32_t, std::list<std::uint32_t>> lists;
    std::set<std::string> names;
    std::vector<std::uint64_t> grown;
    std::deque<std::unique_ptr<std::array<char, 700>>> queue;
    for (unsigned i = 0; i < 6000; i++) {
        auto &list = lists[random(500)];
        list.push_front(random(1000));
        if (list.size() > 20) {
            list.remove_if([](std::uint32_t value) { return value % 2 == 0; });
        }
        names.insert(std::string(random(60), 'n') + std::to_string(i % 700));
        grown.push_back(random(1u << 20));
        queue.push_back(std::make_unique<std::array<char, 700>>());
        queue.back()->fill(static_cast<char>(i));
        if (queue.size() > 300) {
            queue.erase(queue.begin(), queue.begin() + random(200));
        }
    }
    std::sort(grown.begin(), grown.end());
    std::ostringstream text;
    for (const auto &name : names) {
        text << name << ' ' << grown[name.size()] << '\n';
    }
    std::uint64_t sum = mix(queue.size(), text.str());
    for (std::uint32_t key = 0; key < 500; key++) {
        for (const std::uint32_t value : lists[key]) {
            sum = sum * 31 + value;
        }
    }
    return sum;
}

struct Outcome {
    std::uint64_t own = 0;
    std::uint64_t given = 0; // sums, so that the order in which bundles come does not matter
    unsigned bundles = 0;
};

void receive(Exchange &exchange, unsigned number, Outcome &outcome) {
    for (const Bundle &bundle : exchange.take(number)) {
        outcome.given += weigh(bundle);
        outcome.bundles++;
    }
}

void work(unsigned number, Exchange &exchange, Outcome &outcome) {
    Random random{number * 7919u + 1u};
    for (unsigned round = 0; round < rounds; round++) {
        exchange.give((number + 1) % threads, make_bundle(random));
        outcome.own = outcome.own * 31 + use_containers(random);
        receive(exchange, number, outcome);
    }
}

} // namespace

int main() {
    Exchange exchange;
    std::array<Outcome, threads> outcomes;
    std::vector<std::thread> workers;
    for (unsigned number = 0; number < threads; number++) {
        workers.emplace_back(work, number, std::ref(exchange), std::ref(outcomes.at(number)));
    }
    for (std::thread &worker : workers) {
        worker.join();
    }
    for (unsigned number = 0; number < threads; number++) {
        Outcome &outcome = outcomes.at(number);
        receive(exchange, number, outcome);
        std::printf("%u %016llx %016llx %u\n", number, static_cast<unsigned long long>(outcome.own),
                    static_cast<unsigned long long>(outcome.given), outcome.bundles);
    }
}
