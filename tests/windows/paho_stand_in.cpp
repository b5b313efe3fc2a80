// A paho-mqtt3as.dll for tests of the Windows program where there is no Paho C: the real program, its MQTT
// room included, with a client library that needs no broker. It connects at once and delivers numbered
// messages at QoS 1, as a broker with a kept session does: what the program's callback has not returned from
// comes again, with the mark of a redelivery.
//
//   LOGGER_FEED               how many messages there are; their payloads are 1, 2, 3 …
//   LOGGER_FEED_ACKNOWLEDGED  a file that holds the number of the last acknowledged message, over all runs
//   LOGGER_FEED_PAUSE_US      how long to wait after each message
//   LOGGER_FEED_CONNECT       "refused": the broker refuses this client; "failing": nobody can be reached
// A variable that is not set is read from a file of its name, because a service has an environment of its
// own.
#define PAHO_MQTT_EXPORTS
#include <MQTTAsync.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace {

std::string read_variable(const char* name) {
  const char* const value = std::getenv(name);
  if (value != nullptr) return value;
  std::string text;
  std::getline(std::ifstream{name}, text);
  return text;
}

unsigned long read_number(const char* name) {
  const std::string text = read_variable(name);
  return text.empty() ? 0 : std::stoul(text);
}

struct Client {
  MQTTAsync_messageArrived* message_arrived = nullptr;
  void* message_context = nullptr;
  bool is_fed = false;
  std::mutex mutex;  // guards is_fed and thread
  std::atomic<bool> is_stopping{false};
  std::thread thread;
  std::vector<std::thread> answers;

  ~Client() {
    stop();
    for (std::thread& answer : answers)
      answer.join();  // the program is not called once it has destroyed the client
  }

  void stop() {
    is_stopping = true;
    const std::lock_guard lock{mutex};
    if (thread.joinable()) thread.join();
  }
};

Client& client_of(MQTTAsync handle) {
  return *static_cast<Client*>(handle);
}

// The number of the last message that was acknowledged, kept so that a kill at any moment leaves a whole
// number: it is written in place, with all its digits, by one call.
class Acknowledged {
 public:
  explicit Acknowledged(const std::string& path) {
    if (std::ifstream file{path, std::ios::binary}; file) file >> number_;
    file_ = std::fopen(path.c_str(), number_ == 0 ? "wb" : "r+b");
    if (file_ != nullptr) std::setvbuf(file_, nullptr, _IOFBF, 64);
  }
  ~Acknowledged() {
    if (file_ != nullptr) std::fclose(file_);
  }
  Acknowledged(const Acknowledged&) = delete;
  Acknowledged& operator=(const Acknowledged&) = delete;

  [[nodiscard]] unsigned long number() const { return number_; }

  void set(unsigned long number) {
    number_ = number;
    if (file_ == nullptr) return;
    std::rewind(file_);
    std::fprintf(file_, "%012lu", number);
    std::fflush(file_);
  }

 private:
  unsigned long number_ = 0;
  std::FILE* file_ = nullptr;
};

MQTTAsync_message* make_message(unsigned long number, bool is_duplicate) {
  const std::string payload = std::to_string(number);
  auto* const message = static_cast<MQTTAsync_message*>(std::malloc(sizeof(MQTTAsync_message)));
  *message = MQTTAsync_message_initializer;
  message->struct_version = 1;
  message->payloadlen = static_cast<int>(payload.size());
  message->payload = std::malloc(payload.size() + 1);
  std::memcpy(message->payload, payload.c_str(), payload.size() + 1);
  message->qos = 1;
  message->dup = is_duplicate ? 1 : 0;
  message->msgid = static_cast<int>(number % 65535 + 1);
  return message;
}

void feed(Client& client) {
  const unsigned long last = read_number("LOGGER_FEED");
  const std::chrono::microseconds pause{read_number("LOGGER_FEED_PAUSE_US")};
  Acknowledged acknowledged{read_variable("LOGGER_FEED_ACKNOWLEDGED")};
  const unsigned long first = acknowledged.number() + 1;
  for (unsigned long number = first; number <= last && !client.is_stopping; ++number) {
    constexpr char kTopic[] = "sensors/a";
    auto* const topic = static_cast<char*>(std::malloc(sizeof kTopic));
    std::memcpy(topic, kTopic, sizeof kTopic);
    client.message_arrived(client.message_context, topic, 0,
                           make_message(number, number == first && first > 1));
    acknowledged.set(number);
    if (pause.count() > 0) std::this_thread::sleep_for(pause);
  }
}

void start_feed(Client& client) {
  const std::lock_guard lock{client.mutex};
  if (client.is_fed || client.is_stopping) return;
  client.is_fed = true;
  client.thread = std::thread{[&client] { feed(client); }};
}

// Answers a request as the library does: on a thread of its own, after the call has returned.
template <typename Answer>
void answer_later(MQTTAsync handle, Answer answer) {
  client_of(handle).answers.emplace_back([answer] {
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
    answer();
  });
}

MQTTAsync_successData5 make_success() {
  MQTTAsync_successData5 data{};
  std::memcpy(data.struct_id, "MQSD", 4);
  return data;
}

}  // namespace

extern "C" {

int MQTTAsync_createWithOptions(MQTTAsync* handle, const char*, const char*, int, void*,
                                MQTTAsync_createOptions*) {
  *handle = new Client;
  return MQTTASYNC_SUCCESS;
}

void MQTTAsync_destroy(MQTTAsync* handle) {
  delete static_cast<Client*>(*handle);
  *handle = nullptr;
}

int MQTTAsync_setMessageArrivedCallback(MQTTAsync handle, void* context, MQTTAsync_messageArrived* callback) {
  client_of(handle).message_arrived = callback;
  client_of(handle).message_context = context;
  return MQTTASYNC_SUCCESS;
}

int MQTTAsync_connect(MQTTAsync handle, const MQTTAsync_connectOptions* options) {
  if (const std::string answer = read_variable("LOGGER_FEED_CONNECT"); !answer.empty()) {
    answer_later(handle, [answer, on_failure = options->onFailure5, context = options->context] {
      MQTTAsync_failureData5 data = MQTTAsync_failureData5_initializer;
      const bool is_refused = answer == "refused";
      data.code = is_refused ? MQTTREASONCODE_NOT_AUTHORIZED : MQTTASYNC_FAILURE;
      if (is_refused) data.reasonCode = MQTTREASONCODE_NOT_AUTHORIZED;
      data.packet_type = is_refused ? 2 : 0;  // CONNACK
      on_failure(context, &data);
    });
    return MQTTASYNC_SUCCESS;
  }
  const bool has_session = Acknowledged{read_variable("LOGGER_FEED_ACKNOWLEDGED")}.number() > 0;
  answer_later(handle, [answer = options->onSuccess5, context = options->context, handle, has_session] {
    static char uri[] = "stand-in";
    MQTTAsync_successData5 data = make_success();
    data.alt.connect.serverURI = uri;
    data.alt.connect.MQTTVersion = MQTTVERSION_5;
    data.alt.connect.sessionPresent = has_session ? 1 : 0;
    answer(context, &data);
    if (has_session) start_feed(client_of(handle));  // its subscriptions stand
  });
  return MQTTASYNC_SUCCESS;
}

int MQTTAsync_subscribe(MQTTAsync handle, const char*, int, MQTTAsync_responseOptions* options) {
  start_feed(client_of(handle));
  answer_later(handle, [answer = options->onSuccess5, context = options->context] {
    MQTTAsync_successData5 data = make_success();
    data.reasonCode = MQTTREASONCODE_GRANTED_QOS_1;
    answer(context, &data);
  });
  return MQTTASYNC_SUCCESS;
}

int MQTTAsync_disconnect(MQTTAsync handle, const MQTTAsync_disconnectOptions* options) {
  client_of(handle).stop();
  answer_later(handle, [answer = options->onSuccess5, context = options->context] {
    MQTTAsync_successData5 data = make_success();
    if (answer != nullptr) answer(context, &data);
  });
  return MQTTASYNC_SUCCESS;
}

int MQTTAsync_isConnected(MQTTAsync) {
  return 1;
}

void* MQTTAsync_malloc(size_t size) {
  return std::malloc(size);
}

void MQTTAsync_free(void* memory) {
  std::free(memory);
}

void MQTTAsync_freeMessage(MQTTAsync_message** message) {
  std::free((*message)->payload);
  std::free(*message);
  *message = nullptr;
}

MQTTAsync_nameValue* MQTTAsync_getVersionInfo(void) {
  static char name[] = "Version";
  static char value[] = "Paho C, a stand-in";
  static MQTTAsync_nameValue info[] = {{name, value}, {nullptr, nullptr}};
  return info;
}

const char* MQTTAsync_strerror(int) {
  return "stand-in";
}

const char* MQTTReasonCode_toString(enum MQTTReasonCodes) {
  return "stand-in";
}

// What the program sends has no properties here, and what it asks for beyond the above is refused.
MQTTProperties MQTTProperties_copy(const MQTTProperties*) {
  return MQTTProperties{};
}
int MQTTProperties_add(MQTTProperties*, const MQTTProperty*) {
  return 0;
}
void MQTTProperties_free(MQTTProperties*) {}
int MQTTProperties_hasProperty(MQTTProperties*, enum MQTTPropertyCodes) {
  return 0;
}
MQTTProperty* MQTTProperties_getPropertyAt(MQTTProperties*, enum MQTTPropertyCodes, int) {
  return nullptr;
}
int MQTTProperty_getType(enum MQTTPropertyCodes) {
  return -1;
}
int MQTTAsync_setCallbacks(MQTTAsync, void*, MQTTAsync_connectionLost*, MQTTAsync_messageArrived*,
                           MQTTAsync_deliveryComplete*) {
  return MQTTASYNC_SUCCESS;
}
int MQTTAsync_setConnected(MQTTAsync, void*, MQTTAsync_connected*) {
  return MQTTASYNC_SUCCESS;
}
int MQTTAsync_setConnectionLostCallback(MQTTAsync, void*, MQTTAsync_connectionLost*) {
  return MQTTASYNC_SUCCESS;
}
int MQTTAsync_setDisconnected(MQTTAsync, void*, MQTTAsync_disconnected*) {
  return MQTTASYNC_SUCCESS;
}
int MQTTAsync_setUpdateConnectOptions(MQTTAsync, void*, MQTTAsync_updateConnectOptions*) {
  return MQTTASYNC_SUCCESS;
}
void MQTTAsync_setTraceLevel(enum MQTTASYNC_TRACE_LEVELS) {}
void MQTTAsync_setTraceCallback(MQTTAsync_traceCallback*) {}
int MQTTAsync_reconnect(MQTTAsync) {
  return MQTTASYNC_FAILURE;
}
int MQTTAsync_sendMessage(MQTTAsync, const char*, const MQTTAsync_message*, MQTTAsync_responseOptions*) {
  return MQTTASYNC_FAILURE;
}
int MQTTAsync_subscribeMany(MQTTAsync, int, char* const*, const int*, MQTTAsync_responseOptions*) {
  return MQTTASYNC_FAILURE;
}
int MQTTAsync_unsubscribe(MQTTAsync, const char*, MQTTAsync_responseOptions*) {
  return MQTTASYNC_FAILURE;
}
int MQTTAsync_unsubscribeMany(MQTTAsync, int, char* const*, MQTTAsync_responseOptions*) {
  return MQTTASYNC_FAILURE;
}

}  // extern "C"
