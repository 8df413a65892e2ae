// A story's states at two of its records, as the records alone give them.
#pragma once

#include "daemon/domain/apply.h"
#include "daemon/view/difference.h"
#include "tests/unit/view/asked_view.h"

namespace postern::support {

/// The state after the story's first `seq` records, in a view.
struct StateAt {
  StateAt(Scenario& story, domain::Seq seq) {
    domain::Changes changes;
    for (domain::Seq place = 0; place < seq; ++place)
      domain::apply_record(state, record_of(story, place), changes);
    view.load(state.tables());
  }
  static const schema::Record& record_of(Scenario& story, domain::Seq place) {
    return *flatbuffers::GetRoot<schema::Record>(story.world().records()[place].data());
  }

  domain::State state;
  view::View view;
};

/// Owned by one test: the story goes on after `mark`, and then it is asked what differs.
class Moments : public AskedView {
 public:
  explicit Moments(Scenario told) : AskedView(std::move(told)) { mark(); }

  void mark() {
    from_seq = story.state().seq();
    from_ns = story.world().now_ns();
  }

  view::Answer<std::vector<schema::DifferenceLineT>> asked(const view::DifferenceScope& scope,
                                                           std::string_view asker = "root") {
    refresh();
    const StateAt before(story, from_seq);
    view::Trail trail;
    for (domain::Seq place = from_seq; place < story.state().seq(); ++place)
      trail.add(StateAt::record_of(story, place));
    return view::differences({before.view, from_seq, from_ns, trail}, inquiry(asker), scope);
  }

  std::vector<schema::DifferenceLineT> lines(const view::DifferenceScope& scope = {"acme"}) {
    auto made = asked(scope);
    BOOST_REQUIRE_MESSAGE(made, (made ? "" : made.error().sentence));
    return std::move(*made);
  }

  domain::Seq from_seq = 0;
  std::int64_t from_ns = 0;
};

}  // namespace postern::support
