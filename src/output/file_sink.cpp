#include "mqtt_logger/output/file_sink.hpp"

#include "mqtt_logger/journal/crash_point.hpp"

#include <utility>

namespace mqtt_logger {
namespace {

// A batch that was once larger (a message of megabytes) gives its memory back.
constexpr std::size_t kUsualBatchBytes = std::size_t{1024} * 1024;

}  // namespace

FileSink::FileSink(Format format, std::filesystem::path path, std::unique_ptr<File> file,
                   std::uint64_t body_size, std::uint64_t next_sequence)
    : format_{format},
      rules_{file_format(format)},
      path_{std::move(path)},
      file_{std::move(file)},
      body_size_{body_size},
      next_sequence_{next_sequence} {
  checkpoint_.is_present = true;
  checkpoint_.body_size = body_size;
  // An unknown identity matches no file: the next start then continues the file at its end.
  if (file_->identity(checkpoint_.identity)) checkpoint_.identity = {};
}

void FileSink::append(const Fields& fields, std::uint64_t sequence) {
  if (sequence < next_sequence_) return;
  rules_.append_to_body(batch_, fields, body_size_ + batch_.size() == rules_.opening.size());
}

std::error_code FileSink::write() noexcept {
  if (batch_.empty()) return {};
  const std::size_t batch_bytes = batch_.size();
  batch_ += rules_.closing;
  const std::error_code error = file_->write_at(body_size_, batch_);
  batch_.resize(batch_bytes);
  if (error) {
    cut_back();
    return error;
  }
  crash_point("file-written");
  body_size_ += batch_bytes;
  checkpoint_.body_size = body_size_;
  batch_.clear();
  if (batch_.capacity() > kUsualBatchBytes) batch_.shrink_to_fit();
  return {};
}

// The closing needs no new space: it stood there before. What fails here is tried again by the next write().
void FileSink::cut_back() noexcept {
  const bool is_closed = !file_->write_at(body_size_, rules_.closing);
  if (is_closed) static_cast<void>(file_->truncate(body_size_ + rules_.closing.size()));
}

}  // namespace mqtt_logger
