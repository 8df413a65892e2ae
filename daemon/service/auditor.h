// The auditor: lists, portal views, explain, digest: what may take long, one at a time.
#pragma once

#include <functional>
#include <memory>

#include "daemon/credential/key_store.h"
#include "daemon/domain/fold.h"
#include "daemon/platform/clock.h"
#include "daemon/service/letters.h"
#include "daemon/service/pages.h"
#include "daemon/service/turns.h"
#include "daemon/view/inquiry.h"

namespace postern::service {

/// Owned by one thread for life: `turn` whenever the waker wakes. What it answers is made in view/;
/// from here come the journal, the keys and the time.
class Auditor {
 public:
  /// All outlive the auditor.
  struct Parts {
    const journal::Journal& journal;
    const credential::KeyStore& keys;
    const platform::Clock& clock;
    Mailboxes& mail;
    std::function<void(std::string)> alarm;
  };

  Auditor(Parts parts, view::View view, journal::Head head);

  void turn();

 private:
  void take_published();
  Message page_for(const AuditTask& task);
  view::Answer<schema::HistoryPageBodyUnion> answer(const schema::HistoryRequest& request,
                                                    const domain::Operator& asker,
                                                    std::int64_t now_ns);
  view::Sources sources();
  schema::DigestT digest() const;
  /// All empty where it cannot be opened, with an alarm where it should.
  schema::PersonalT personal_of(const domain::User& user) const;
  /// Its seq alone where the record cannot be read, with an alarm.
  schema::CauseT cause_of(domain::Seq seq);

  Parts parts_;
  view::View view_;
  journal::Head head_;
  domain::RecordGate gate_;
  /// Whose question is next.
  Turns<std::unique_ptr<AuditTask>> turns_;
};

}  // namespace postern::service
