#include "daemon/running/metrics_page.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <thread>

#include "daemon/running/metrics_text.h"

namespace postern::running {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

constexpr std::size_t connections_max = 16;
constexpr std::uint32_t header_bytes_max = 8'192;
constexpr std::chrono::seconds deadline{5};
constexpr std::chrono::milliseconds pause_after_error{200};

std::string lines_of(const std::vector<std::string>& sentences) {
  std::string text;
  for (const std::string& sentence : sentences) text += sentence + "\n";
  return text;
}

using Response = http::response<http::string_body>;

Response respond(const http::request<http::empty_body>& request, const MetricsPage::Read& read) {
  Response response;
  response.set(http::field::content_type, "text/plain; charset=utf-8");
  response.set(http::field::cache_control, "no-store");
  response.keep_alive(false);
  if (request.method() != http::verb::get) {
    response.result(http::status::method_not_allowed);
    response.set(http::field::allow, "GET");
  } else if (request.target() == "/metrics") {
    response.set(http::field::content_type, "text/plain; version=0.0.4; charset=utf-8");
    response.body() = metrics_text(read().metrics);
  } else if (request.target() == "/healthz") {
    response.body() = "ok\n";
  } else if (request.target() == "/readyz") {
    const std::vector<std::string> reasons = read().not_ready;
    if (!reasons.empty()) response.result(http::status::service_unavailable);
    response.body() = reasons.empty() ? "ok\n" : lines_of(reasons);
  } else {
    response.result(http::status::not_found);
    response.body() = "there are /metrics, /healthz and /readyz\n";
  }
  response.prepare_payload();
  return response;
}

/// One connection: one request, one answer. Keeps itself alive by its handlers.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, const MetricsPage::Read& read, std::size_t& open)
      : stream_(std::move(socket)), read_(read), open_(open) {
    ++open_;
    parser_.header_limit(header_bytes_max);
    parser_.body_limit(0);
  }
  ~Connection() { --open_; }

  void run() {
    stream_.expires_after(deadline);
    http::async_read(stream_, buffer_, parser_,
                     [self = shared_from_this()](beast::error_code error, std::size_t) {
                       if (!error) self->answer();
                     });
  }

 private:
  void answer() {
    response_ = respond(parser_.get(), read_);
    http::async_write(
        stream_, response_, [self = shared_from_this()](beast::error_code, std::size_t) {
          beast::error_code ignored_if_gone;
          self->stream_.socket().shutdown(tcp::socket::shutdown_send, ignored_if_gone);
        });
  }

  beast::tcp_stream stream_;
  const MetricsPage::Read& read_;
  std::size_t& open_;
  beast::flat_buffer buffer_{header_bytes_max};
  http::request_parser<http::empty_body> parser_;
  Response response_;
};

class Server : public MetricsPage {
 public:
  explicit Server(Read read) : read_(std::move(read)) {}
  ~Server() override {
    context_.stop();
    if (thread_.joinable()) thread_.join();
  }

  std::string address() const override { return address_; }

  Expected<> listen(const std::string& address, std::uint16_t port) {
    beast::error_code error;
    const auto ip = asio::ip::make_address(address, error);
    const tcp::endpoint endpoint(ip, port);
    if (!error) acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    const std::string shown =
        (ip.is_v6() ? "[" + address + "]" : address) + ":" + std::to_string(port);
    if (error)
      return std::unexpected(Failure{
          error == asio::error::address_in_use ? FailureKind::in_use : FailureKind::input_output,
          "the metrics page cannot listen on " + shown + ": " + error.message() + ".",
          "Stop what listens there, or choose another --port-base."});
    address_ = "http://" + shown + "/metrics";
    accept();
    thread_ = std::thread([this] { context_.run(); });
    return {};
  }

 private:
  void accept() {
    acceptor_.async_accept([this](beast::error_code error, tcp::socket socket) {
      if (!error && open_ < connections_max)
        std::make_shared<Connection>(std::move(socket), read_, open_)->run();
      if (error == asio::error::operation_aborted) return;
      if (!error) return accept();
      // Most likely no descriptor is left; asking at once again would burn a processor.
      pause_.expires_after(pause_after_error);
      pause_.async_wait([this](beast::error_code stopped) {
        if (!stopped) accept();
      });
    });
  }

  Read read_;
  std::string address_;
  std::size_t open_ = 0;
  asio::io_context context_{1};
  tcp::acceptor acceptor_{context_};
  asio::steady_timer pause_{context_};
  std::thread thread_;
};

}  // namespace

Expected<std::unique_ptr<MetricsPage>> MetricsPage::start(const std::string& address,
                                                          std::uint16_t port, Read read) {
  auto server = std::make_unique<Server>(std::move(read));
  if (auto listening = server->listen(address, port); !listening)
    return std::unexpected(listening.error());
  return server;
}

}  // namespace postern::running
