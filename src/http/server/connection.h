// Owns: the life of one connection's bytes without I/O: what arrived, which requests are in it, the answers to be sent.
// Does not own: the socket (serve.h), time-outs (loop.h tells when one has passed).
// Thread rule: the I/O thread of its loop, which leaves it alone between work() and its `resume`.
#pragma once
#include <boost/intrusive/list.hpp>
#include <memory>
#include <span>

#include "http/chunked.h"
#include "http/head.h"
#include "http/server/io.h"
#include "http/server/site.h"

namespace http {

// What the connections of one I/O thread share. Only one request is handled at a time, so the scratch is used by one.
struct Desk {
  Site& site;
  CommonHeaders common;
  RequestIds ids;
  Request request;
  FastAnswer answer;
  std::string cors_lines;
  std::vector<std::string> spare;  // output buffers between uses
  uint32_t tick = 0;               // seconds, roughly
  bool stopping = false;           // each answer is the last of its connection
  bool leaving = false;            // and who asks nothing is not waited for
};

// What the socket must do next. What is in out() is written first.
enum class Want { read, write, work, close };
enum class Phase { idle, head, body, work, write, closing };

class Connection : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  Connection(Desk& desk, const Address& peer);
  ~Connection();

  // Answers every request that is complete; never blocks.
  Want advance();
  // Room for bytes to be read, at least one; received() tells how many came.
  std::span<char> space();
  void received(size_t count);

  // Answers to be written. Call written() once they are.
  std::string_view out() const { return out_; }
  void written();

  // After Want::work. `resume` is called once, on any thread, when there is an answer: then finish_job() here.
  using Resume = std::move_only_function<void()>;
  void work(Resume resume);
  void finish_job();

  // Sets the phase and its deadline; `reading` chooses between idle, head and body.
  void enter(Phase phase);
  void enter_reading();
  Phase phase() const { return phase_; }
  bool is_late() const { return deadline_ < desk_.tick; }
  bool is_idle() const { return phase_ == Phase::idle; }
  // Puts a 408 into out() when a request had begun to arrive.
  void time_out();

  // Set by the socket's owner: interrupts what is being waited for.
  Socket* socket = nullptr;
  bool interrupted = false;
  // The read waits for the next edge (QuietRead); cancelled with look_again set, it reads once more in the ordinary
  // way.
  bool waits_for_edge = false, look_again = false;

 private:
  using Clock = std::chrono::steady_clock;
  struct Job {
    Request request;
    const Entry* entry;
    Ending ending;
    Response response = {};
    std::optional<Context> begun = std::nullopt;  // by what could not finish it without the work lane
  };
  enum class Step { next, read, work, close };

  std::string_view pending() const { return {data_.get() + begin_, end_ - begin_}; }
  bool worth_parsing();
  Step step();
  Step read_body();
  Step read_chunks();
  Step handle(Request& request);
  Step answer_route(Request& request, const Router::Match& match);
  void begin_job(Resume resume);
  void submit_job(Resume resume);
  void run_job();
  void refuse_job();
  void observe(Clock::time_point start) const;
  Step start_job(Request& request, const Entry& entry);
  Step refuse(core::Code code);
  Step answered();
  void identify(Request& request);
  void append(const Request& request, Answer answer);
  void append(const Request& request, const Response& response);
  void append_problem(const Request& request, const core::Error& error, std::string_view more_lines = {});
  void append_options(const Request& request, std::string_view allow);
  void consume();
  void grow(size_t capacity);
  void lease_out();

  Desk& desk_;
  const Address peer_;
  const std::string peer_text_;
  const bool peer_trusted_;
  std::string forwarded_client_;
  char id_[64];

  std::unique_ptr<char[]> data_;
  size_t begin_ = 0, end_ = 0, capacity_ = 0;
  size_t scanned_ = 0;  // of pending(): searched for line ends
  bool past_first_line_ = false;
  size_t last_read_ = 0;
  core::Millis received_{};
  std::string out_;

  Head head_;  // of the request that is being read or handled
  bool in_body_ = false, continued_ = false;
  std::unique_ptr<ChunkedDecoder> decoder_;
  std::string chunks_;
  Ending ending_ = Ending::keep;
  bool last_answer_ = false;
  std::unique_ptr<Job> job_;
  Phase phase_ = Phase::idle;
  uint32_t deadline_ = 0;
};

}  // namespace http
