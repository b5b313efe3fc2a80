#include "service_registry_windows.hpp"

#include <windows.h>

#include <exception>

namespace mqtt_logger {

std::wstring service_parameters_key(const std::wstring& service) {
  return L"SYSTEM\\CurrentControlSet\\Services\\" + service + L"\\Parameters";
}

void enter_service_folder(const wchar_t* service) noexcept {
  try {
    std::wstring folder(32'768, L'\0');
    auto size = static_cast<DWORD>(folder.size() * sizeof(wchar_t));
    if (RegGetValueW(HKEY_LOCAL_MACHINE, service_parameters_key(service).c_str(), kServiceFolderValue,
                     RRF_RT_REG_SZ, nullptr, folder.data(), &size) == ERROR_SUCCESS)
      SetCurrentDirectoryW(folder.c_str());
  } catch (const std::exception&) {
    return;  // no memory; what cannot be found will be named
  }
}

}  // namespace mqtt_logger
