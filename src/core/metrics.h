// Owns: counters, histograms and gauges, and their text form for Prometheus (exposition format 0.0.4).
// Does not own: what is measured, or the HTTP route that shows it.
// Thread rule: counting from any thread without locks; declare before threads start.
#pragma once
#include <array>
#include <atomic>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace core {

// Striped over cache lines, so that I/O threads do not share one.
class Counter {
 public:
  void add(uint64_t n = 1) { stripes_[stripe()].value.fetch_add(n, std::memory_order_relaxed); }
  uint64_t value() const;

 private:
  static size_t stripe();
  struct alignas(64) Stripe {
    std::atomic<uint64_t> value{0};
  };
  std::array<Stripe, 4> stripes_;
};

// Seconds in fixed buckets from 100 µs to 10 s.
class Histogram {
 public:
  void observe(double seconds);
  void write(std::string& out, std::string_view name, std::string_view labels) const;

 private:
  static constexpr std::array<double, 16> bounds = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                                    0.05,   0.1,     0.25,   0.5,   1,      2.5,   5,    10};
  std::array<std::atomic<uint64_t>, bounds.size() + 1> counts_{};
  std::atomic<uint64_t> sum_micros_{0};
};

class Metrics {
 public:
  // `labels` such as `route="login",status="2xx"`, or empty. The reference lives as long as this object.
  Counter& counter(std::string name, std::string help, std::string labels = "");
  Histogram& histogram(std::string name, std::string help, std::string labels = "");
  // Read when shown; `read` is called on the thread that renders.
  void gauge(std::string name, std::string help, std::function<double()> read, std::string labels = "");
  std::string render() const;

 private:
  struct Series {
    std::string name, help, labels, type;
    Counter* counter = nullptr;
    Histogram* histogram = nullptr;
    std::function<double()> read;
  };
  std::deque<Counter> counters_;
  std::deque<Histogram> histograms_;
  std::vector<Series> series_;
};

}  // namespace core
