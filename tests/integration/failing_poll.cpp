// Loaded before libzmq into a daemon: once the file that FAILING_POLL names is there, zmq_poll
// fails as on a broken context. In the daemon only the authenticator's thread uses it.
#include <dlfcn.h>
#include <unistd.h>
#include <zmq.h>

#include <cerrno>
#include <cstdlib>

int zmq_poll(zmq_pollitem_t* items, int count, long timeout_ms) {
  using Poll = int (*)(zmq_pollitem_t*, int, long);
  static const auto real = reinterpret_cast<Poll>(::dlsym(RTLD_NEXT, "zmq_poll"));
  static const char* const file = std::getenv("FAILING_POLL");
  if (file == nullptr || ::access(file, F_OK) != 0) return real(items, count, timeout_ms);
  errno = ETERM;
  return -1;
}
