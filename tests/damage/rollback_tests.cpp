// A journal that was put back from an older copy, with something left in the folder that proves it.
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <functional>

#include "tests/support/daemon_process.h"
#include "tests/support/messages.h"

namespace postern::support {

namespace {

namespace fs = std::filesystem;
using schema::Code;

bool tells(const std::string& said, const std::string& part) {
  return said.find(part) != std::string::npos;
}

/// A folder that went on, and a copy from before.
struct WentOn : DaemonProcess {
  WentOn() {
    BOOST_REQUIRE_MESSAGE(start(), ended().said);
    send(create_tenant("acme"));
    send(create_user("acme", "first"));
    BOOST_REQUIRE(stop().code == 0);
    fs::copy(data(), before(), fs::copy_options::recursive);
    BOOST_REQUIRE(start());
    for (int index = 0; index < 50; ++index)
      send(create_user("acme", "user-" + std::to_string(index)));
    BOOST_REQUIRE(run_program({POSTERN_CLI, "--data", data(), "status"}).code == 0);
    BOOST_REQUIRE(run_program({POSTERN_CLI, "--data", data(), "--key", data() / "owner.key",
                               "--port-base", std::to_string(port_base()), "status"})
                      .code == 0);
    BOOST_REQUIRE(stop().code == 0);
    fs::copy(data(), after(), fs::copy_options::recursive);
  }

  fs::path before() const { return data().parent_path() / "before"; }
  fs::path after() const { return data().parent_path() / "after"; }

  void send(schema::CommandMessageT message) const {
    BOOST_REQUIRE(owner().execute(std::move(message))->code == Code::ok);
  }
  /// The whole of the older folder.
  void roll_back() const {
    fs::remove_all(data());
    fs::copy(before(), data(), fs::copy_options::recursive);
  }
  Ended verify(const fs::path& folder) const {
    return run_program({POSTERN_REPLAY, "--data", folder, "verify"});
  }
};

/// A file that proves more than the older journal has.
struct Proof {
  const char* name;
  fs::path where;
};

const Proof proofs[] = {{"the checkpoint", "checkpoint"},
                        {"what postern saw", "seen-checkpoint"},
                        {"what postern saw with a key", "owner.key.checkpoint"},
                        {"a snapshot", "snapshots/snapshot-53"}};

}  // namespace

BOOST_AUTO_TEST_SUITE(rollback_tests)

BOOST_FIXTURE_TEST_CASE(H6_an_older_journal_beside_any_proof_refuses_the_start, WentOn) {
  roll_back();
  // Nothing in the folder can show it.
  BOOST_TEST(verify(data()).code == 0);
  BOOST_REQUIRE_MESSAGE(start(), ended().said);
  BOOST_TEST(stop().code == 0);
  for (const Proof& proof : proofs) {
    BOOST_TEST_CONTEXT(proof.name) {
      roll_back();
      fs::remove(data() / "checkpoint");
      BOOST_REQUIRE(fs::exists(after() / proof.where));
      fs::create_directories((data() / proof.where).parent_path());
      fs::copy(after() / proof.where, data() / proof.where, fs::copy_options::overwrite_existing);
      BOOST_REQUIRE_MESSAGE(!start(), "it started 50 records short");
      BOOST_TEST(ended().code == 65, ended().said);
      BOOST_TEST(tells(ended().said, (data() / proof.where).native()), ended().said);
      BOOST_TEST(tells(ended().said, "ends at record 3"), ended().said);
      BOOST_TEST(tells(ended().said, "newest copy"), ended().said);
      BOOST_TEST(!start({"--verify"}));
      const Ended recovered = run_program({POSTERND, "recover-owner", "--data", data()});
      BOOST_TEST(recovered.code == 65, recovered.said);

      const Ended verified = verify(data());
      BOOST_TEST(verified.code == 1, verified.said);
      BOOST_TEST(tells(verified.said, (data() / proof.where).native()), verified.said);
      // Without the keys, on word alone.
      fs::remove_all(data() / "keys");
      BOOST_TEST(verify(data()).code == 1);
    }
  }
  // The newest journal put back, as it says.
  roll_back();
  fs::remove_all(data() / "journal");
  fs::copy(after() / "journal", data() / "journal", fs::copy_options::recursive);
  for (const Proof& proof : proofs)
    fs::copy(after() / proof.where, data() / proof.where, fs::copy_options::overwrite_existing);
  BOOST_TEST(verify(data()).code == 0);
  BOOST_REQUIRE_MESSAGE(start(), ended().said);
}

BOOST_FIXTURE_TEST_CASE(H6_a_journal_that_went_another_way_contradicts_every_proof, WentOn) {
  roll_back();
  BOOST_REQUIRE(start());
  for (int index = 0; index < 60; ++index)
    send(create_user("acme", "other-" + std::to_string(index)));
  BOOST_REQUIRE(stop().code == 0);
  for (const Proof& proof : proofs) {
    BOOST_TEST_CONTEXT(proof.name) {
      const fs::path kept = data().parent_path() / "kept";
      const bool was_there = fs::exists(data() / proof.where);
      if (was_there) fs::rename(data() / proof.where, kept);
      fs::copy(after() / proof.where, data() / proof.where);
      BOOST_REQUIRE(!start());
      BOOST_TEST(ended().code == 65, ended().said);
      BOOST_TEST(tells(ended().said, "another root"), ended().said);
      BOOST_TEST(verify(data()).code == 1);
      fs::remove(data() / proof.where);
      if (was_there) fs::rename(kept, data() / proof.where);
    }
  }
  BOOST_TEST(verify(data()).code == 0);
  BOOST_REQUIRE_MESSAGE(start(), ended().said);
}

BOOST_FIXTURE_TEST_CASE(what_another_installation_signed_or_is_damaged_proves_nothing, WentOn) {
  WentOn stranger;
  roll_back();
  for (const Proof& proof : proofs) {
    if (proof.where == "checkpoint") continue;
    fs::create_directories((data() / proof.where).parent_path());
    fs::copy(stranger.after() / proof.where, data() / proof.where,
             fs::copy_options::overwrite_existing);
  }
  std::ofstream(data() / "torn.checkpoint") << "postern/";
  BOOST_REQUIRE_MESSAGE(start(), ended().said);
  BOOST_TEST(stop().code == 0);
  BOOST_TEST(verify(data()).code == 0);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace postern::support
