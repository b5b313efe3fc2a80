#include "console_windows.hpp"

#include "quit_line.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <thread>

namespace mqtt_logger {
namespace {

constexpr DWORD kNoMode = ~DWORD{0};

constinit std::atomic<DWORD> mode_as_found{kNoMode};
constinit std::atomic_flag is_pipe_listened_to;

bool is_quit_key(const INPUT_RECORD& record) noexcept {
  if (record.EventType != KEY_EVENT || record.Event.KeyEvent.bKeyDown == 0) return false;
  const wchar_t key = record.Event.KeyEvent.uChar.UnicodeChar;
  return key == L'q' || key == L'Q';
}

void read_pipe(HANDLE pipe, void (*on_quit)() noexcept) noexcept {
  QuitLine quit_line;
  std::array<char, 4096> bytes{};
  DWORD count = 0;
  while (ReadFile(pipe, bytes.data(), static_cast<DWORD>(bytes.size()), &count, nullptr) != 0 && count > 0) {
    if (quit_line.find({bytes.data(), count})) return on_quit();
  }
  if (quit_line.is_complete()) on_quit();
}

}  // namespace

Console::Console() noexcept {
  const HANDLE input = GetStdHandle(STD_INPUT_HANDLE);
  DWORD mode = 0;
  if (input == nullptr || GetConsoleMode(input, &mode) == 0) return;  // fails for all that is no console
  handle_ = input;
  const DWORD without_quick_edit = (mode & ~DWORD{ENABLE_QUICK_EDIT_MODE}) | ENABLE_EXTENDED_FLAGS;
  if (SetConsoleMode(input, without_quick_edit) != 0) mode_as_found = mode;
}

bool Console::read_quit() noexcept {
  DWORD waiting = 0;
  std::array<INPUT_RECORD, 64> records{};
  while (GetNumberOfConsoleInputEvents(handle_, &waiting) != 0) {
    if (waiting == 0) return false;
    DWORD count = 0;
    if (ReadConsoleInputW(handle_, records.data(), static_cast<DWORD>(records.size()), &count) == 0) break;
    if (std::any_of(records.begin(), records.begin() + count, is_quit_key)) return true;
  }
  handle_ = nullptr;
  return false;
}

void Console::give_back() noexcept {
  const DWORD mode = mode_as_found.exchange(kNoMode);
  if (mode != kNoMode) SetConsoleMode(GetStdHandle(STD_INPUT_HANDLE), mode | ENABLE_EXTENDED_FLAGS);
}

void listen_to_pipe(void (*on_quit)() noexcept) {
  const HANDLE input = GetStdHandle(STD_INPUT_HANDLE);
  if (input == nullptr || GetFileType(input) != FILE_TYPE_PIPE || is_pipe_listened_to.test_and_set()) return;
  std::thread{read_pipe, input, on_quit}.detach();
}

}  // namespace mqtt_logger
