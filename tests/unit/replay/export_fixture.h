// The fixture's folder with a checkpoint, and files exported from it.
#pragma once

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <iterator>
#include <sstream>

#include "daemon/credential/signature.h"
#include "daemon/journal/checkpoint.h"
#include "daemon/journal/tree.h"
#include "replay/replay.h"
#include "tests/unit/replay/fixture.h"

namespace postern::replay {

struct ExportFixture : DataFolderFixture {
  ExportFixture() {
    platform::SystemEntropy entropy;
    const auto store = credential::KeyStore::open(keys(), entropy);
    BOOST_REQUIRE(store);
    const auto& seed = (*store)->own_key(credential::OwnKey::checkpoint_signing);
    signer = {"postern/of-this-test", credential::signing_public_key(seed)};
    key = journal::verifier_text(signer);
    sign = [seed](journal::View text) { return credential::sign(seed, text); };
    write_bytes(path() / "checkpoint", note(records().size()));
  }

  std::string note(std::size_t size) const {
    journal::Tree tree;
    for (std::size_t place = 0; place < size; ++place)
      tree.append(std::as_bytes(std::span(records()[place])));
    return journal::make_note({signer.name, {size, tree.root()}, 1'800'000'000}, signer, sign);
  }
  /// One command line on a bundle.
  Ended run_on(const std::string& bundle, std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"--bundle", bundle});
    std::ostringstream out;
    std::ostringstream talk;
    const int code = run(arguments, {out, talk});
    return {code, out.str(), talk.str()};
  }
  Ended asked_of(const std::string& bundle, const std::string& line) const {
    std::istringstream words(line);
    return run_on(bundle, {std::istream_iterator<std::string>(words), {}});
  }
  std::string exported(const std::string& options = "") const {
    const std::string file = outside.path() / ("bundle" + std::to_string(++made));
    const Ended ended = replay("export " + file + options);
    BOOST_REQUIRE_MESSAGE(ended.code == 0, ended.talk);
    return file;
  }
  int verified(const std::string& file) const {
    return run_on(file, {"verify", "--public-key", key}).code;
  }
  /// By the program that shares nothing with ours.
  int verified_by_python(const std::string& file) const {
    const std::string line = "python3 -B " POSTERN_SOURCE "/replay/verify_bundle.py '" + file +
                             "' --public-key '" + key + "' >'" + file + ".said' 2>&1";
    const int status = std::system(line.c_str());
    BOOST_TEST_MESSAGE(bytes_in(file + ".said"));
    return status / 256;
  }

  support::TemporaryFolder outside;
  journal::Verifier signer;
  std::string key;
  journal::Sign sign;
  mutable int made = 0;
};

}  // namespace postern::replay
