#include "core/metrics.h"

#include <algorithm>
#include <cstdio>
#include <tuple>

namespace core {
namespace {

void append_sample(std::string& out, std::string_view name, std::string_view labels, double value) {
  char text[40];
  const int size = std::snprintf(text, sizeof text, " %.17g\n", value);
  out += name;
  if (!labels.empty()) out.append("{").append(labels).append("}");
  out.append(text, static_cast<size_t>(size));
}

}  // namespace

size_t Counter::stripe() {
  static std::atomic<size_t> next{0};
  thread_local const size_t mine = next.fetch_add(1, std::memory_order_relaxed) % 4;
  return mine;
}

uint64_t Counter::value() const {
  uint64_t sum = 0;
  for (const auto& stripe : stripes_) sum += stripe.value.load(std::memory_order_relaxed);
  return sum;
}

void Histogram::observe(double seconds) {
  const auto bucket = std::ranges::lower_bound(bounds, seconds) - bounds.begin();
  counts_[static_cast<size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
  sum_micros_.fetch_add(static_cast<uint64_t>(seconds * 1e6), std::memory_order_relaxed);
}

void Histogram::write(std::string& out, std::string_view name, std::string_view labels) const {
  const std::string bucket = std::string(name) + "_bucket", comma = labels.empty() ? "" : ",";
  uint64_t total = 0;
  for (size_t i = 0; i <= bounds.size(); ++i) {
    total += counts_[i].load(std::memory_order_relaxed);
    char bound[24] = "+Inf";
    if (i < bounds.size()) std::snprintf(bound, sizeof bound, "%g", bounds[i]);
    append_sample(out, bucket, std::string(labels) + comma + "le=\"" + bound + '"', static_cast<double>(total));
  }
  append_sample(out, std::string(name) + "_sum", labels,
                static_cast<double>(sum_micros_.load(std::memory_order_relaxed)) / 1e6);
  append_sample(out, std::string(name) + "_count", labels, static_cast<double>(total));
}

Counter& Metrics::counter(std::string name, std::string help, std::string labels) {
  auto& made = counters_.emplace_back();
  series_.push_back({std::move(name), std::move(help), std::move(labels), "counter", &made, nullptr, {}});
  return made;
}

Histogram& Metrics::histogram(std::string name, std::string help, std::string labels) {
  auto& made = histograms_.emplace_back();
  series_.push_back({std::move(name), std::move(help), std::move(labels), "histogram", nullptr, &made, {}});
  return made;
}

void Metrics::gauge(std::string name, std::string help, std::function<double()> read, std::string labels) {
  series_.push_back({std::move(name), std::move(help), std::move(labels), "gauge", nullptr, nullptr, std::move(read)});
}

std::string Metrics::render() const {
  std::vector<const Series*> sorted;
  for (const auto& series : series_) sorted.push_back(&series);
  std::ranges::sort(sorted, {}, [](const Series* s) { return std::tie(s->name, s->labels); });
  std::string out, last;
  for (const Series* s : sorted) {
    if (s->name != last) out += "# HELP " + s->name + ' ' + s->help + "\n# TYPE " + s->name + ' ' + s->type + '\n';
    last = s->name;
    if (s->counter) append_sample(out, s->name, s->labels, static_cast<double>(s->counter->value()));
    else if (s->histogram) s->histogram->write(out, s->name, s->labels);
    else append_sample(out, s->name, s->labels, s->read());
  }
  return out;
}

}  // namespace core
