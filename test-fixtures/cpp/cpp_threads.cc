// SPDX-License-Identifier: Apache-2.0
// C++ threads, mutexes, condition variables, exceptions through frames and across the capture.
#include "fixture.h"

#include <atomic>
#include <condition_variable>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

struct Counted {
    static std::atomic<int> alive;
    Counted() { alive++; }
    Counted(const Counted &) { alive++; }
    ~Counted() { alive--; }
};
std::atomic<int> Counted::alive{0};

// Throws from the bottom of a recursion; every frame has something to destroy.
int throw_from_below(int depth) {
    Counted here;
    if (depth == 0)
        throw std::runtime_error("from the bottom");
    return throw_from_below(depth - 1) + 1;
}

std::mutex mutex;
std::condition_variable ready, started;
bool go = false;
int waiting = 0;
thread_local std::string thread_name = "unnamed";

void worker(int index, long *result) {
    thread_name = "worker " + std::to_string(index);
    std::map<int, std::string> words;
    for (int i = 0; i < 1000; i++)
        words[i * 7919 % 1000] = std::to_string(i);
    try {
        std::unique_lock<std::mutex> lock(mutex);
        waiting++;
        started.notify_one();
        ready.wait(lock, [] { return go; });
        lock.unlock();
        throw_from_below(50);
    } catch (const std::runtime_error &error) {
        CHECK(std::string(error.what()) == "from the bottom", "caught '%s'", error.what());
        *result = 0;
        for (const auto &entry : words)
            *result += std::stol(entry.second);
    }
    CHECK(thread_name == "worker " + std::to_string(index), "thread_local changed");
}

// The exception is in flight over the capture: READY is said while it is being handled.
void capture_inside_catch() {
    try {
        try {
            throw_from_below(10);
        } catch (const std::runtime_error &) {
            ready_and_wait();
            throw;
        }
    } catch (const std::exception &error) {
        CHECK(std::string(error.what()) == "from the bottom", "rethrown '%s'", error.what());
        return;
    }
    fail("the exception was lost");
}

}  // namespace

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "C++: exceptions in flight, std::thread, futures, thread_local");
    std::vector<std::thread> threads;
    std::vector<long> results(8, -1);
    for (int i = 0; i < 8; i++)
        threads.emplace_back(worker, i, &results[i]);
    {
        std::unique_lock<std::mutex> lock(mutex);
        started.wait(lock, [] { return waiting == 8; });
    }
    std::promise<std::unique_ptr<int>> promise;
    auto later = std::async(std::launch::async,
                            [future = promise.get_future()]() mutable { return *future.get(); });

    capture_inside_catch();

    {
        std::lock_guard<std::mutex> lock(mutex);
        go = true;
        ready.notify_all();
    }
    for (auto &thread : threads)
        thread.join();
    for (long result : results)
        CHECK_EQ(result, 999 * 1000 / 2);
    promise.set_value(std::make_unique<int>(73));
    CHECK_EQ(later.get(), 73);
    CHECK_EQ(Counted::alive.load(), 0);
    auto fresh = std::async(std::launch::async, [] { return throw_from_below(3); });
    try {
        fresh.get();
        fail("no exception came through the future");
    } catch (const std::runtime_error &) {
    }
    pass();
}
