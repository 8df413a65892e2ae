// A shop's accounts on a running daemon, for the tests of its replicas.
#pragma once

#include <poll.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <string>

#include "tests/support/daemon_process.h"
#include "tests/support/messages.h"
#include "tools/client/replica.h"

namespace postern::support {

using client::ErrorKind;
using client::Replica;
using client::ReplicaAnswer;
using client::ReplicaOptions;
using client::ReplicaReader;
using schema::Code;
using std::chrono::milliseconds;
using std::chrono::seconds;

inline constexpr client::ReplicaQuestion invoices{"read", "table/invoices"};

struct Shop : DaemonProcess {
  Shop() : asker(make_running()) {
    run(create_tenant("acme"));
    run(create_tenant("umbra"));
    for (const char* alias : {"acme", "umbra"}) {
      run(create_user(alias, "shop"));
      run(add_grant(alias, "shop", schema::Effect::allow, "read", "table/invoices"));
    }
  }

  client::Client make_running() {
    BOOST_REQUIRE_MESSAGE(start(), ended().said);
    return owner();
  }
  schema::ReceiptT run(schema::CommandMessageT message) {
    auto got = asker.execute(std::move(message));
    if (!got) BOOST_FAIL(got.error().sentence);
    if (got->code != Code::ok) BOOST_FAIL(got->problems.at(0)->sentence);
    return std::move(*got);
  }
  template <class Body>
  schema::ReceiptT change(Body body, const std::string& user = "shop") {
    return run(command_message("acme", user, std::move(body)));
  }
  schema::ReceiptT revoke() {
    schema::RemoveGrantT body;
    body.effect = schema::Effect::allow;
    body.action = "read";
    body.resource = "table/invoices";
    return change(std::move(body));
  }
  // H7: a copy of the data folder, made and put back by hand, which leaves no record. The daemon is
  // ended for both, and started again.
  void copy_aside() { carry(data(), aside()); }
  void put_back() { carry(aside(), data()); }
  void start_again() {
    BOOST_REQUIRE_MESSAGE(start(), ended().said);
    asker = owner();
  }

  ReplicaOptions options() const {
    ReplicaOptions made;
    made.client = owner_options();
    made.age_max = seconds(60);
    return made;
  }
  static std::unique_ptr<Replica> replica(ReplicaOptions options) {
    auto made = Replica::start(std::move(options));
    if (!made) BOOST_FAIL(made.error().sentence);
    return std::move(*made);
  }
  std::unique_ptr<Replica> running_replica() const {
    auto made = replica(options());
    BOOST_REQUIRE(made->wait_for(1, seconds(60)));
    return made;
  }

  /// The options of an operator of these tenants, who is added now.
  client::Options add(const std::string& name, schema::Role role, std::vector<std::string> tenants,
                      bool vouches) {
    const client::KeyPair keys = client::make_key_pair();
    run(add_operator(name, role, keys.public_key, std::move(tenants), vouches));
    return tcp_options(keys);
  }

  /// The operator "vouching", to acme alone.
  schema::ReceiptT narrow(const client::Options& options) {
    schema::ChangeOperatorT narrower;
    narrower.name = "vouching";
    narrower.standing = std::make_unique<schema::OperatorStandingT>();
    narrower.standing->keys.emplace_back(std::make_unique<schema::PublicKeyT>())
        ->bytes.assign(options.keys->public_key.begin(), options.keys->public_key.end());
    narrower.standing->tenants = {"acme"};
    narrower.standing->vouches = true;
    narrower.role = schema::Role::service;
    return run(command_message("", "", std::move(narrower)));
  }

  client::Client asker;

 private:
  std::filesystem::path aside() const { return copies_.path() / "copy"; }
  void carry(const std::filesystem::path& from, const std::filesystem::path& to) {
    BOOST_TEST(stop().code == 0);
    std::filesystem::remove_all(to);
    std::filesystem::copy(from, to, std::filesystem::copy_options::recursive);
    start_again();
  }

  TemporaryFolder copies_;
};

inline Code reason_of(const client::Result<ReplicaAnswer>& answer) {
  if (!answer) BOOST_FAIL(answer.error().sentence);
  return answer->reason;
}

/// Until it holds; what is waited for comes by itself. It looks now and then: the processors are
/// the daemon's.
template <class Holds>
bool becomes(Holds holds, milliseconds time = seconds(120)) {
  const auto end = std::chrono::steady_clock::now() + time;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > end) return false;
    ::poll(nullptr, 0, 5);
  }
  return true;
}

}  // namespace postern::support
