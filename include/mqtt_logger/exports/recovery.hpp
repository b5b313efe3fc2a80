#pragma once

#include "mqtt_logger/exports/file_sink.hpp"
#include "mqtt_logger/exports/series_name.hpp"
#include "mqtt_logger/journal/journal.hpp"
#include "mqtt_logger/log/try_again.hpp"
#include "mqtt_logger/options/options.hpp"
#include "mqtt_logger/platform/file.hpp"

#include <vector>

namespace mqtt_logger {

/// Opens the exports so that writing can go on where the journal's checkpoint stands, and says in the log
/// what it found. Before any thread starts, before the first connect.
///
/// An export that the checkpoint knows is cut back to it, if what stands behind is what an interrupted write
/// leaves; the writer then writes it again from the journal. After a power failure it is cut back to its last
/// whole record. One that the checkpoint does not know, or that somebody changed, is continued at its end if
/// it ends as ours do, else moved aside under a new name; no byte that is not ours is destroyed.
///
/// With rotation, the last file of the series is continued if all formats stand in it; else the next record
/// begins new ones. The one file without rotation is made whole and left as it is, and so is the series when
/// rotation is switched off again.
///
/// Throws StartupError (output_unusable) if an export cannot be opened, read or made, and `try_again` does
/// not help.
[[nodiscard]] std::vector<FileSink> recover(FileSystem& files, const Options& options, Journal& journal,
                                            const TryAgain& try_again = {});

}  // namespace mqtt_logger
