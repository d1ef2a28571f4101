#include "http/server/connection.h"

#include <cstring>

#include "http/dispatch.h"
#include "http/problem.h"
#include "http/text.h"

namespace http {
namespace {

using core::Code;

constexpr size_t small_buffer = 2 * 1024, pipeline_buffer = 16 * 1024;
constexpr size_t max_out = 64 * 1024;  // answers are sent before more requests are read
constexpr size_t max_spare = 16;       // output buffers kept for reuse, by thread
constexpr uint32_t closing_seconds = 2;

constexpr std::string_view every_method = "Allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n";

}  // namespace

Connection::Connection(Desk& desk, const Address& peer)
    : desk_(desk), peer_(peer), peer_text_(peer.str()), peer_trusted_(desk.site.proxies.trusts(peer)) {
  desk.site.connections.fetch_add(1, std::memory_order_relaxed);
}

Connection::~Connection() { desk_.site.connections.fetch_sub(1, std::memory_order_relaxed); }

// ---- bytes in

void Connection::grow(size_t capacity) {
  auto larger = std::make_unique_for_overwrite<char[]>(capacity);
  if (end_ > begin_) std::memcpy(larger.get(), data_.get() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  data_ = std::move(larger);
  capacity_ = capacity;
}

std::span<char> Connection::space() {
  if (begin_ == end_) {
    begin_ = end_ = 0;
    // Many idle connections must be cheap; one that sends a lot keeps its larger buffer.
    if (capacity_ == 0 || (capacity_ > small_buffer && last_read_ < small_buffer)) grow(small_buffer);
    else if (last_read_ >= small_buffer && capacity_ < pipeline_buffer) grow(pipeline_buffer);
  } else if (end_ == capacity_) {
    grow(begin_ > capacity_ / 2 ? capacity_ : capacity_ * 2);
  }
  return {data_.get() + end_, capacity_ - end_};
}

void Connection::received(size_t count) {
  end_ += count;
  last_read_ = count;
  received_ = desk_.site.clock.boot();
  interrupted = false;
}

// A head is read again only where a line begins or ends, so that one that comes byte by byte costs little.
bool Connection::worth_parsing() {
  const auto bytes = pending();
  const size_t from = scanned_ ? scanned_ - 1 : 0;
  const bool at_line_end = bytes.find_first_of("\r\n", from) != std::string_view::npos;
  scanned_ = bytes.size();
  past_first_line_ |= at_line_end;
  return !past_first_line_ || at_line_end || bytes.size() >= max_request_line;
}

void Connection::consume() {
  begin_ += head_.size + (head_.framing == Framing::length ? head_.content_length : 0);
  scanned_ = 0;
  past_first_line_ = false;
  in_body_ = continued_ = false;
  phase_ = Phase::idle;  // the next request has its own time
  decoder_.reset();
  if (!chunks_.empty()) chunks_ = {};
}

// ---- requests

Want Connection::advance() {
  if (last_answer_) return Want::close;
  lease_out();
  for (;;) {
    switch (step()) {
      case Step::read:
        return desk_.leaving && begin_ == end_ ? Want::close : Want::read;
      case Step::work:
        return Want::work;
      case Step::close:
        return Want::close;
      case Step::next:
        if (out_.size() > max_out) return Want::write;
    }
  }
}

Connection::Step Connection::step() {
  if (in_body_) return read_body();
  if (begin_ == end_ || !worth_parsing()) return Step::read;
  Request& request = desk_.request;
  head_ = parse_head(pending(), request);
  if (head_.state == HeadState::need_more) return Step::read;
  if (head_.state == HeadState::refused) return refuse(head_.code);
  if (head_.framing == Framing::none) return handle(request);
  in_body_ = true;
  return read_body();
}

Connection::Step Connection::read_body() {
  const bool complete = head_.framing == Framing::length && pending().size() >= head_.size + head_.content_length;
  if (!complete) {
    if (head_.framing == Framing::chunked) {
      if (const Step step = read_chunks(); step != Step::next) return step;
    } else {
      const size_t whole = head_.size + head_.content_length;
      if (begin_ + whole > capacity_) grow(std::max(whole, capacity_));
    }
  }
  const bool done = complete || (head_.framing == Framing::chunked && decoder_ == nullptr);
  if (!done) {
    if (head_.expectation == Expectation::proceed && !head_.old_version && !std::exchange(continued_, true))
      out_ += "HTTP/1.1 100 Continue\r\n\r\n";
    return Step::read;
  }
  // The scratch request has served others meanwhile, and the buffer may have moved.
  Request& request = desk_.request;
  parse_head(pending(), request);
  request.body = head_.framing == Framing::chunked ? std::string_view(chunks_)
                                                   : pending().substr(head_.size, head_.content_length);
  return handle(request);
}

// Decodes what has arrived and closes the gap, so that the head stays in front. The decoder is dropped at the end.
Connection::Step Connection::read_chunks() {
  if (!decoder_) decoder_ = std::make_unique<ChunkedDecoder>();
  size_t used = 0;
  const auto state = decoder_->feed(pending().substr(head_.size), used, chunks_);
  if (state == ChunkState::refused) return refuse(decoder_->code());
  char* body = data_.get() + begin_ + head_.size;
  std::memmove(body, body + used, end_ - begin_ - head_.size - used);
  end_ -= used;
  if (state == ChunkState::complete) decoder_.reset();
  return Step::next;
}

void Connection::identify(Request& request) {
  request.received = received_;
  request.client = peer_text_;
  auto id = desk_.ids.next();
  if (peer_trusted_) {
    std::vector<std::string_view> forwarded;
    for (size_t i = 0; i < request.header_count; ++i)
      if (equal_without_case(request.headers[i].name, "X-Forwarded-For")) forwarded.push_back(request.headers[i].value);
    forwarded_client_ = desk_.site.proxies.client(peer_, forwarded).str();
    request.client = forwarded_client_;
    if (const auto given = request.header("X-Request-Id"); is_request_id(given)) id = given;
  }
  std::memcpy(id_, id.data(), id.size());
  request.id = {id_, id.size()};
}

Connection::Step Connection::handle(Request& request) {
  identify(request);
  ending_ = !request.keep_alive || desk_.stopping ? Ending::close
            : head_.old_version                   ? Ending::keep_old_version
                                                  : Ending::keep;
  desk_.cors_lines.clear();
  const auto match = desk_.site.router->find(request);
  switch (match.found) {
    case Found::route:
      return answer_route(request, match);
    case Found::options:
      append_options(request, match.allow);
      break;
    case Found::not_found:
      append_problem(request, {.code = Code::not_found});
      break;
    case Found::method_not_allowed: {
      const std::string line = "Allow: " + std::string(match.allow) + "\r\n";
      append_problem(request, {.code = Code::method_not_allowed}, line);
    }
  }
  return answered();
}

Connection::Step Connection::answer_route(Request& request, const Router::Match& match) {
  const Entry& entry = *match.entry;
  if (!entry.route.fast) return start_job(request, entry);
  FastAnswer& answer = desk_.answer;
  answer.status = entry.route.operation.status;
  answer.content_type = "application/json";
  answer.headers.clear();
  answer.body.clear();
  try {
    if (!entry.route.fast(request, answer)) return start_job(request, entry);
  } catch (const std::exception& e) {
    answer.headers.clear();
    write_problem({.code = Code::internal, .cause = e.what()}, request, answer);
  }
  desk_.site.cors.append_lines(desk_.cors_lines, request);
  append(request, {.status = answer.status,
                   .content_type = answer.content_type,
                   .lines = answer.headers,
                   .more_lines = desk_.cors_lines,
                   .body = answer.body});
  entry.counters.count(answer.status);
  return answered();
}

Connection::Step Connection::start_job(Request& request, const Entry& entry) {
  job_ = std::make_unique<Job>(request, &entry, ending_);
  return Step::work;
}

Connection::Step Connection::answered() {
  consume();
  last_answer_ = ending_ == Ending::close;
  return last_answer_ ? Step::close : Step::next;
}

Connection::Step Connection::refuse(Code code) {
  Request& request = desk_.request;
  identify(request);
  ending_ = Ending::close;
  desk_.cors_lines.clear();
  // A refused request may hold anything: nothing of it decides about the answer.
  request.header_count = 0;
  request.method = Method::get;
  append_problem(request, {.code = code}, code == Code::method_not_allowed ? every_method : std::string_view{});
  return Step::close;
}

// ---- the work lane, and others who answer

void Connection::work(Resume resume) {
  if (job_->entry->route.later) begin_job(std::move(resume));
  else submit_job(std::move(resume));
}

// Nothing of this object is touched after resume().
void Connection::begin_job(Resume resume) {
  Site& site = desk_.site;
  if (site.owed.fetch_add(1) >= static_cast<size_t>(site.config.queue)) {
    --site.owed;
    refuse_job();
    return resume();
  }
  Context& context = job_->begun.emplace(Context{.request = job_->request, .caller = std::nullopt});
  auto take = [this, &site, start = Clock::now(), resume = std::move(resume)](auto answer) mutable {
    if (answer) {
      job_->response = response_of(*job_->begun, *std::move(answer));
      observe(start);
      resume();
    } else {
      submit_job(std::move(resume));
    }
    --site.owed;
  };
  begin(job_->entry->route, context, site.gate, site.limiter, Owed(std::move(take)));
}

void Connection::submit_job(Resume resume) {
  Workers& workers = desk_.site.workers;
  if (!workers.reserve()) {
    refuse_job();
    return resume();
  }
  workers.submit([this, &workers, resume = std::move(resume)]() mutable {
    if (workers.abandoned()) refuse_job();
    else run_job();
    resume();
  });
}

void Connection::run_job() {
  const auto start = Clock::now();
  const Route& route = job_->entry->route;
  job_->response = job_->begun ? http::handle(route, *job_->begun)
                               : dispatch(route, job_->request, desk_.site.gate, desk_.site.limiter);
  observe(start);
}

void Connection::observe(Clock::time_point start) const {
  job_->entry->work_seconds->observe(std::chrono::duration<double>(Clock::now() - start).count());
}

void Connection::refuse_job() { job_->response = problem({.code = Code::overloaded}, job_->request); }

void Connection::finish_job() {
  lease_out();
  const auto job = std::move(job_);
  ending_ = desk_.stopping ? Ending::close : job->ending;
  desk_.cors_lines.clear();
  desk_.site.cors.append_lines(desk_.cors_lines, job->request);
  append(job->request, job->response);
  job->entry->counters.count(job->response.status);
  answered();
}

// ---- answers out

void Connection::append(const Request& request, Answer answer) {
  answer.id = request.id;
  answer.part = request.method == Method::head ? BodyPart::omit : BodyPart::send;
  answer.ending = ending_;
  append_answer(out_, desk_.common, answer);
}

void Connection::append(const Request& request, const Response& response) {
  const std::string lines = header_lines(response.headers);
  append(request, {.status = response.status,
                   .content_type = response.content_type,
                   .lines = lines,
                   .more_lines = desk_.cors_lines,
                   .body = response.body});
}

void Connection::append_problem(const Request& request, const core::Error& error, std::string_view more_lines) {
  desk_.site.cors.append_lines(desk_.cors_lines, request);
  desk_.cors_lines += more_lines;
  const Response response = problem(error, request);
  append(request, response);
  desk_.site.unmatched.count(response.status);
}

void Connection::append_options(const Request& request, std::string_view allow) {
  std::string& lines = desk_.cors_lines;
  if (is_preflight(request)) desk_.site.cors.append_preflight_lines(lines, request, allow);
  else desk_.site.cors.append_lines(lines, request);
  const std::string own = "Allow: " + std::string(allow) + "\r\n";
  append(request, {.status = 204, .lines = own, .more_lines = lines});
  desk_.site.unmatched.count(204);
}

void Connection::lease_out() {
  if (!out_.empty() || desk_.spare.empty()) return;
  out_ = std::move(desk_.spare.back());
  desk_.spare.pop_back();
}

void Connection::written() {
  out_.clear();
  if (desk_.spare.size() < max_spare && out_.capacity() <= 2 * max_out) desk_.spare.push_back(std::move(out_));
  out_ = {};
}

// ---- time

void Connection::enter(Phase phase) {
  const Config& config = desk_.site.config;
  const auto seconds = [&]() -> int64_t {
    switch (phase) {
      case Phase::idle:
        return config.idle_timeout.count();
      case Phase::head:
        return config.header_timeout.count();
      case Phase::body:
        return config.body_timeout.count();
      case Phase::write:
        return config.write_timeout.count();
      case Phase::closing:
        return closing_seconds;
      case Phase::work:
        return UINT32_MAX / 2;
    }
    return 0;
  }();
  phase_ = phase;
  deadline_ = desk_.tick + static_cast<uint32_t>(seconds);
}

// A slow sender gets no more time by sending another byte.
void Connection::enter_reading() {
  const Phase next = in_body_ ? Phase::body : begin_ == end_ ? Phase::idle : Phase::head;
  if (next != phase_ || next == Phase::idle) enter(next);
}

void Connection::time_out() {
  if (begin_ == end_ && !in_body_) return;
  lease_out();
  desk_.request.path = desk_.request.query = desk_.request.body = {};
  desk_.request.header_count = 0;  // the scratch request may be another connection's
  refuse(Code::request_timeout);
}

}  // namespace http
