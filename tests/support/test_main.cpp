// The main function of every test program, which says at the end what failed: of a long output
// often only the end is kept.
#define BOOST_TEST_MODULE postern
#include <boost/test/framework.hpp>
#include <boost/test/results_collector.hpp>
#include <boost/test/tree/observer.hpp>
#include <boost/test/unit_test.hpp>
#include <iostream>
#include <string>
#include <vector>

namespace {

namespace unit_test = boost::unit_test;

class Failed final : public unit_test::test_observer {
 public:
  Failed() { unit_test::framework::register_observer(*this); }
  ~Failed() override { unit_test::framework::deregister_observer(*this); }

  void test_unit_finish(const unit_test::test_unit& unit, unsigned long) override {
    if (unit.p_type == unit_test::TUT_CASE &&
        !unit_test::results_collector.results(unit.p_id).passed())
      names_.push_back(unit.full_name());
  }
  void test_finish() override {
    for (const std::string& name : names_) std::cerr << "failed: " << name << '\n';
  }

 private:
  std::vector<std::string> names_;
};

struct ToldAtTheEnd {
  ToldAtTheEnd() { static Failed failed; }
};

}  // namespace

BOOST_TEST_GLOBAL_CONFIGURATION(ToldAtTheEnd);
