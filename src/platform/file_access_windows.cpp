#include "mqtt_logger/platform/file_access.hpp"

// The second of these needs the first.
// clang-format off
#include <windows.h>
#include <aclapi.h>
// clang-format on

#include <algorithm>
#include <array>
#include <memory>

namespace mqtt_logger {
namespace {

/// One of the groups that everybody with an account on this machine is in.
bool is_everybody(PSID group) noexcept {
  constexpr std::array kGroups{WinWorldSid, WinAuthenticatedUserSid, WinBuiltinUsersSid, WinBuiltinGuestsSid};
  return std::ranges::any_of(kGroups,
                             [group](WELL_KNOWN_SID_TYPE type) { return IsWellKnownSid(group, type) != 0; });
}

bool grants_everybody_to_read(ACL& list, DWORD index) noexcept {
  void* entry = nullptr;
  if (GetAce(&list, index, &entry) == 0) return false;
  auto& allowed = *static_cast<ACCESS_ALLOWED_ACE*>(entry);
  return allowed.Header.AceType == ACCESS_ALLOWED_ACE_TYPE &&
         (allowed.Header.AceFlags & INHERIT_ONLY_ACE) == 0 &&
         (allowed.Mask & (FILE_READ_DATA | GENERIC_READ | GENERIC_ALL)) != 0 &&
         is_everybody(&allowed.SidStart);
}

}  // namespace

bool is_readable_by_others(const std::filesystem::path& path) noexcept {
  ACL* list = nullptr;
  PSECURITY_DESCRIPTOR descriptor = nullptr;
  if (GetNamedSecurityInfoW(path.c_str(), SE_FILE_OBJECT, DACL_SECURITY_INFORMATION, nullptr, nullptr, &list,
                            nullptr, &descriptor) != ERROR_SUCCESS)
    return false;
  const std::unique_ptr<void, decltype(&LocalFree)> owner{descriptor, &LocalFree};
  if (list == nullptr) return true;  // without a list nobody is kept out
  for (DWORD index = 0; index < list->AceCount; ++index) {
    if (grants_everybody_to_read(*list, index)) return true;
  }
  return false;
}

}  // namespace mqtt_logger
