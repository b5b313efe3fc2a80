#include "refused_filters.hpp"

namespace mqtt_logger {
namespace {

constexpr std::chrono::hours kSuspicion{1};

}  // namespace

void RefusedFilters::refuse(const std::string& session, const std::string& filter) {
  until_[{session, filter}] = Clock::time_point::max();
}

bool RefusedFilters::is_refused(const std::string& session, const std::string& filter,
                                Clock::time_point now) const {
  const auto found = until_.find({session, filter});
  return found != until_.end() && now < found->second;
}

bool RefusedFilters::note_loss(const std::string& session, const std::optional<std::string>& only,
                               Clock::time_point now) {
  is_one_by_one_ = true;
  if (!only) {
    suspect_.reset();
    return false;
  }
  const Key key{session, *only};
  if (suspect_ != key) {
    suspect_ = key;
    return false;
  }
  suspect_.reset();
  until_[key] = now + kSuspicion;
  return true;
}

void RefusedFilters::note_success() noexcept {
  suspect_.reset();
  is_one_by_one_ = false;
}

}  // namespace mqtt_logger
