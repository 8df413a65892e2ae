// Lists in the form that was asked for; at a terminal what finds room, and what was left out is
// told.
#pragma once

#include "replay/verbs.h"
#include "tools/text/output.h"

namespace postern::replay {

class ShownList : public text::Listing {
 public:
  ShownList(const Audit& audit, text::Columns columns)
      : Listing(audit.streams.out, audit.format, columns), streams_(audit.streams) {}
  void finish() {
    Listing::finish();
    if (streams_.watched) tell_left_out(streams_.talk, "--output json has all of it");
  }

 private:
  const Streams& streams_;
};

}  // namespace postern::replay
