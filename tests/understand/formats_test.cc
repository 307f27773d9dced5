#include <catch2/catch.hpp>
#include <string>
#include <string_view>

#include "understand/fixture.h"

namespace gasoline::understand {
namespace {

using event::Level;

constexpr int64_t kSeconds = 1'795'228'626'000'000;
constexpr int64_t kMillis = kPrintedUs;
constexpr int64_t kMicros = 1'795'228'626'115'123;
constexpr int64_t kNoTime = kReadTimeUs;

struct Row {
  std::string_view line;
  int64_t timestamp_us;
  Level level;
  std::string_view correlation_id;
  std::string_view message;  // "=": the line itself, "*": not compared
};

// One line of many a logger and server, as its documentation or the program itself prints it.
// clang-format off
constexpr Row kRows[] = {
    {R"~(2026-11-21T02:37:06Z INF request completed request_id=req_8ff8e87e5647e6 status=200)~", kSeconds, Level::kInfo, "req_8ff8e87e5647e6", R"~(request completed request_id=req_8ff8e87e5647e6 status=200)~"},
    {R"~(2026-11-21T02:37:06.115123Z  INFO request{method=GET uri=/ request_id=5f0d9c1e-6f0b-4b7a-8a8e-0c3c1f6f0b7a}: tower_http::trace: finished processing)~", kMicros, Level::kInfo, "5f0d9c1e-6f0b-4b7a-8a8e-0c3c1f6f0b7a", R"~(*)~"},
    {R"~(2026-11-21T02:37:06.115123Z ERROR http_request{trace_id=4bf92f3577b34da6a3ce929d0e0e4736}: my_app: failed to charge)~", kMicros, Level::kError, "4bf92f3577b34da6a3ce929d0e0e4736", R"~(*)~"},
    {R"~([Nest] 1234  - 11/21/2026, 2:37:06 AM     LOG [NestApplication] Nest application successfully started +3ms)~", kSeconds, Level::kInfo, "", R"~(Nest application successfully started +3ms)~"},
    {R"~([Nest] 1234  - 11/21/2026, 2:37:06 AM   ERROR [OrdersService] [5f0d9c1e-6f0b-4b7a-8a8e-0c3c1f6f0b7a] payment failed)~", kSeconds, Level::kError, "5f0d9c1e-6f0b-4b7a-8a8e-0c3c1f6f0b7a", R"~(payment failed)~"},
    {R"~([2026-11-21 02:37:06] local.ERROR: payment failed {"request_id":"5f0d9c1e-6f0b-4b7a-8a8e-0c3c1f6f0b7a","exception":"[object] (Exception(code: 0)"} )~", kSeconds, Level::kError, "5f0d9c1e-6f0b-4b7a-8a8e-0c3c1f6f0b7a", R"~(payment failed)~"},
    {R"~([2026-11-21T02:37:06.115123+00:00] app.INFO: Matched route "home" {"route":"home"} {"request_id":"abc123def456"})~", kMicros, Level::kInfo, "abc123def456", R"~(*)~"},
    {R"~(02:37:06.115 request_id=FvYz8s3kAbCdEfGh [info] GET /)~", kMillis, Level::kInfo, "FvYz8s3kAbCdEfGh", R"~(GET /)~"},
    {R"~(02:37:06.115 [info] GET /orders request_id=FvYz8s3kAbCdEfGh)~", kMillis, Level::kInfo, "FvYz8s3kAbCdEfGh", R"~(GET /orders request_id=FvYz8s3kAbCdEfGh)~"},
    {R"~([5f0d9c1e-6f0b-4b7a-8a8e-0c3c1f6f0b7a] Started GET "/orders" for 127.0.0.1 at 2026-11-21 02:37:06 +0000)~", kNoTime, Level::kInfo, "5f0d9c1e-6f0b-4b7a-8a8e-0c3c1f6f0b7a", R"~(=)~"},
    {R"~(I, [2026-11-21T02:37:06.115123 #42]  INFO -- : [5f0d9c1e-6f0b-4b7a-8a8e-0c3c1f6f0b7a] Started GET "/orders" for 127.0.0.1)~", kMicros, Level::kInfo, "5f0d9c1e-6f0b-4b7a-8a8e-0c3c1f6f0b7a", R"~(Started GET "/orders" for 127.0.0.1)~"},
    {R"~(D, [2026-11-21T02:37:06.115123 #42] DEBUG -- : [5f0d9c1e-6f0b-4b7a-8a8e-0c3c1f6f0b7a]   User Load (0.3ms))~", kMicros, Level::kDebug, "5f0d9c1e-6f0b-4b7a-8a8e-0c3c1f6f0b7a", R"~(User Load (0.3ms))~"},
    {R"~(2026-11-21 02:37:06.115 | INFO     | app.main:handler:42 - 5f0d9c1e-6f0b-4b7a-8a8e-0c3c1f6f0b7a | order loaded)~", kMillis, Level::kInfo, "5f0d9c1e-6f0b-4b7a-8a8e-0c3c1f6f0b7a", R"~(order loaded)~"},
    {R"~(2026-11-21 02:37:06.115 | INFO     | app.main:handler:42 - order loaded)~", kMillis, Level::kInfo, "", R"~(order loaded)~"},
    {R"~([2026-11-21 02:37:06,115: INFO/MainProcess] Task app.tasks.charge[5f0d9c1e-6f0b-4b7a-8a8e-0c3c1f6f0b7a] received)~", kMillis, Level::kInfo, "", R"~(*)~"},
    {R"~([2026-11-21 02:37:06,115: ERROR/ForkPoolWorker-1] Task app.tasks.charge[5f0d9c1e-6f0b-4b7a-8a8e-0c3c1f6f0b7a] raised unexpected: ValueError())~", kMillis, Level::kError, "", R"~(*)~"},
    {R"~([I 2026-11-21 02:37:06.115 app:42] 200 GET / (127.0.0.1) 1.2ms)~", kMillis, Level::kInfo, "", R"~(200 GET / (127.0.0.1) 1.2ms)~"},
    {R"~([I 261121 02:37:06 web:2239] 200 GET / (127.0.0.1) 1.2ms)~", kSeconds, Level::kInfo, "", R"~(200 GET / (127.0.0.1) 1.2ms)~"},
    {R"~(2026-11-21 02:37:06.115 +00:00 [INF] Order loaded)~", kMillis, Level::kInfo, "", R"~(Order loaded)~"},
    {R"~(2026-11-21 02:37:06.1150|INFO|Shop.Orders|Order loaded|url: /orders)~", kMillis, Level::kInfo, "", R"~(Shop.Orders|Order loaded|url: /orders)~"},
    {R"~(2026-11-21 02:37:06,115 [main] INFO  com.example.Main - started traceId=4bf92f3577b34da6a3ce929d0e0e4736)~", kMillis, Level::kInfo, "4bf92f3577b34da6a3ce929d0e0e4736", R"~(started traceId=4bf92f3577b34da6a3ce929d0e0e4736)~"},
    {R"~(02:37:06.115 [main] INFO com.example.Main - started)~", kMillis, Level::kInfo, "", R"~(started)~"},
    {R"~([main] INFO org.eclipse.jetty.util.log - Logging initialized @123ms)~", kNoTime, Level::kInfo, "", R"~(Logging initialized @123ms)~"},
    {R"~(26/11/21 02:37:06 INFO SparkContext: Running Spark version 3.5)~", kSeconds, Level::kInfo, "", R"~(SparkContext: Running Spark version 3.5)~"},
    {R"~([2026-11-21 02:37:06,115] INFO [KafkaServer id=0] started (kafka.server.KafkaServer))~", kMillis, Level::kInfo, "", R"~(started (kafka.server.KafkaServer))~"},
    {R"~(2026-11-21 02:37:06,115 [myid:1] - INFO  [main:QuorumPeerMain@136] - Starting quorum peer)~", kMillis, Level::kInfo, "", R"~(Starting quorum peer)~"},
    {R"~({"t":{"$date":"2026-11-21T02:37:06.115+00:00"},"s":"I","c":"NETWORK","id":22943,"ctx":"listener","msg":"Connection accepted","attr":{"remote":"127.0.0.1:1"}})~", kMillis, Level::kInfo, "", R"~(Connection accepted)~"},
    {R"~(2026-11-21T02:37:06.115123Z 0 [Warning] [MY-010068] [Server] CA certificate ca.pem is self signed.)~", kMicros, Level::kWarn, "", R"~(CA certificate ca.pem is self signed.)~"},
    {R"~([2026-11-21T02:37:06,115][INFO ][o.e.n.Node               ] [web-01] started)~", kMillis, Level::kInfo, "", R"~(started)~"},
    {R"~({"type":"server","timestamp":"2026-11-21T02:37:06,115Z","level":"INFO","component":"o.e.n.Node","cluster.name":"c","message":"started"})~", kMillis, Level::kInfo, "", R"~(started)~"},
    {R"~(2026-11-21 02:37:06.115123+00:00 [info] <0.229.0> Server startup complete; 0 plugins started.)~", kMicros, Level::kInfo, "", R"~(Server startup complete; 0 plugins started.)~"},
    {R"~(21-Nov-2026 02:37:06.115 INFO [main] org.apache.catalina.startup.Catalina.start Server startup in [123] milliseconds)~", kMillis, Level::kInfo, "", R"~(*)~"},
    {R"~([Sat Nov 21 02:37:06.115123 2026] [core:notice] [pid 1:tid 140] AH00094: Command line: 'apache2')~", kMicros, Level::kInfo, "", R"~(AH00094: Command line: 'apache2')~"},
    {R"~([Sat Nov 21 02:37:06.115123 2026] [php:error] [pid 1] [client 127.0.0.1:1] PHP Fatal error:  Uncaught Exception)~", kMicros, Level::kError, "", R"~(PHP Fatal error:  Uncaught Exception)~"},
    {R"~(127.0.0.1 - - [21/Nov/2026:02:37:06 +0000] "GET / HTTP/1.1" 200 12 "-" "curl" 5f0d9c1e-6f0b-4b7a-8a8e-0c3c1f6f0b7a)~", kSeconds, Level::kInfo, "5f0d9c1e-6f0b-4b7a-8a8e-0c3c1f6f0b7a", R"~(=)~"},
    {R"~([2026-11-21T02:37:06.115Z] "GET /orders HTTP/1.1" 200 - via_upstream - "-" 0 12 1 1 "-" "curl/7" "5f0d9c1e-6f0b-4b7a-8a8e-0c3c1f6f0b7a" "shop" "10.0.0.1:80" outbound|80||shop - 10.0.0.2:80 10.0.0.3:1 - default)~", kMillis, Level::kInfo, "5f0d9c1e-6f0b-4b7a-8a8e-0c3c1f6f0b7a", R"~(*)~"},
    {R"~(haproxy[1]: 127.0.0.1:36480 [21/Nov/2026:02:37:06.115] front back/srv 0/0/0/1/1 200 12 - - ---- 1/1/0/0/0 0/0 {5f0d9c1e-6f0b-4b7a-8a8e-0c3c1f6f0b7a} "GET / HTTP/1.1")~", kMillis, Level::kInfo, "5f0d9c1e-6f0b-4b7a-8a8e-0c3c1f6f0b7a", R"~(=)~"},
    {R"~(2026-11-21 02:37:06.115 1 INFO nova.api.openstack.requestlog [req-5f0d9c1e-6f0b-4b7a-8a8e-0c3c1f6f0b7a 4bf92f3577b34da6a3ce929d0e0e4736 8bf92f3577b34da6a3ce929d0e0e4736 - default default] 127.0.0.1 "GET /" status: 200)~", kMillis, Level::kInfo, "req-5f0d9c1e-6f0b-4b7a-8a8e-0c3c1f6f0b7a", R"~(127.0.0.1 "GET /" status: 200)~"},
    {R"~(E1121 02:37:06.115123       1 controller.go:42] "Failed" err="x" requestID="5f0d9c1e-6f0b-4b7a-8a8e-0c3c1f6f0b7a")~", kMicros, Level::kError, "5f0d9c1e-6f0b-4b7a-8a8e-0c3c1f6f0b7a", R"~(*)~"},
    {R"~(time="2026-11-21T02:37:06Z" level=info msg="starting containerd" revision=1 version=1.6)~", kSeconds, Level::kInfo, "", R"~(starting containerd)~"},
    {R"~(2026-11-21T02:37:06.115Z [INFO]  agent: Synced service: service=web)~", kMillis, Level::kInfo, "", R"~(agent: Synced service: service=web)~"},
    {R"~(2026-11-21T02:37:06.115Z	info	client	up)~", kMillis, Level::kInfo, "", R"~(client	up)~"},
    {R"~(2026/11/21 02:37:06 [error] 10#10: *1 open() "/x" failed (2: No such file or directory), client: 127.0.0.1, request_id: "4bf92f3577b34da6a3ce929d0e0e4736")~", kSeconds, Level::kError, "4bf92f3577b34da6a3ce929d0e0e4736", R"~(*)~"},
    {R"~(2026/11/21 02:37:06 http: panic serving 127.0.0.1:1: boom)~", kSeconds, Level::kInfo, "", R"~(http: panic serving 127.0.0.1:1: boom)~"},
    {R"~({"level":"INFO","timestamp":"2026-11-21T02:37:06.115Z","service":"shop","xray_trace_id":"1-5759e988-bd862e3fe1be46a994272793","message":"hi","function_request_id":"5f0d9c1e-6f0b-4b7a-8a8e-0c3c1f6f0b7a"})~", kMillis, Level::kInfo, "1-5759e988-bd862e3fe1be46a994272793", R"~(hi)~"},
    {R"~({"@timestamp":"2026-11-21T02:37:06.115Z","@version":"1","message":"hi","logger_name":"c.e.S","thread_name":"main","level":"WARN","level_value":30000,"traceId":"4bf92f3577b34da6a3ce929d0e0e4736","spanId":"00f067aa0ba902b7"})~", kMillis, Level::kWarn, "4bf92f3577b34da6a3ce929d0e0e4736", R"~(hi)~"},
    {R"~({"timeMillis":1795228626115,"thread":"main","level":"INFO","loggerName":"c.e.S","message":"hi","contextMap":{"requestId":"abc-123"}})~", kMillis, Level::kInfo, "abc-123", R"~(hi)~"},
    {R"~({"instant":{"epochSecond":1795228626,"nanoOfSecond":115000000},"thread":"main","level":"INFO","message":"hi"})~", kMillis, Level::kInfo, "", R"~(hi)~"},
    {R"~({"@t":"2026-11-21T02:37:06.115Z","@mt":"Order {Id} loaded","Id":5,"@tr":"4bf92f3577b34da6a3ce929d0e0e4736","@sp":"00f067aa0ba902b7","RequestId":"0HN1:00000001"})~", kMillis, Level::kInfo, "4bf92f3577b34da6a3ce929d0e0e4736", R"~(Order {Id} loaded)~"},
    {R"~({"Timestamp":"2026-11-21T02:37:06.115Z","Level":"Warning","MessageTemplate":"x","Properties":{"RequestId":"0HN1ABC:01","TraceId":"4bf92f3577b34da6a3ce929d0e0e4736"}})~", kMillis, Level::kWarn, "4bf92f3577b34da6a3ce929d0e0e4736", R"~(x)~"},
    {R"~({"EventId":14,"LogLevel":"Warning","Category":"Shop","Message":"hi","State":{},"Scopes":[{"SpanId":"00f067aa0ba902b7","TraceId":"4bf92f3577b34da6a3ce929d0e0e4736"}]})~", kNoTime, Level::kWarn, "4bf92f3577b34da6a3ce929d0e0e4736", R"~(hi)~"},
    {R"~({"timestamp":"2026-11-21T02:37:06.115Z","level":"INFO","fields":{"message":"finished"},"target":"app","span":{"request_id":"5f0d9c1e-6f0b-4b7a-8a8e-0c3c1f6f0b7a","name":"req"}})~", kMillis, Level::kInfo, "5f0d9c1e-6f0b-4b7a-8a8e-0c3c1f6f0b7a", R"~(finished)~"},
    {R"~({"v":1,"ts":"1795228626.115","hdr":{"X-Request-Id":["5f0d9c1e-6f0b-4b7a-8a8e-0c3c1f6f0b7a"]}})~", kMillis, Level::kInfo, "5f0d9c1e-6f0b-4b7a-8a8e-0c3c1f6f0b7a", R"~(=)~"},
    {R"~({"level":"info","ts":1795228626.115,"logger":"http.log.access","msg":"handled request","request":{"remote_ip":"127.0.0.1","headers":{"X-Request-Id":["5f0d9c1e-6f0b-4b7a-8a8e-0c3c1f6f0b7a"],"User-Agent":["curl"]}},"status":200})~", kMillis, Level::kInfo, "5f0d9c1e-6f0b-4b7a-8a8e-0c3c1f6f0b7a", R"~(handled request)~"},
    {R"~({"_type":"log","severity_text":"WARN","body":"hi","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0ba902b7","observed_timestamp":1795228626115000000})~", kMillis, Level::kWarn, "4bf92f3577b34da6a3ce929d0e0e4736", R"~(hi)~"},
    {R"~(ℹ  info      order loaded)~", kNoTime, Level::kInfo, "", R"~(order loaded)~"},
    {R"~([2:37:06 AM] [orders] › ✖  error     payment failed)~", kSeconds, Level::kError, "", R"~(payment failed)~"},
    {R"~(2026-11-21 02:37:06.115	INFO	/srv/app/main.ts:42	[orders]	request loaded)~", kMillis, Level::kInfo, "", R"~(request loaded)~"},
    {R"~(<14>Nov 21 02:37:06 web-01 app[42]: request_id=5f0d9c1e-6f0b-4b7a-8a8e-0c3c1f6f0b7a done)~", kSeconds, Level::kInfo, "5f0d9c1e-6f0b-4b7a-8a8e-0c3c1f6f0b7a", R"~(request_id=5f0d9c1e-6f0b-4b7a-8a8e-0c3c1f6f0b7a done)~"},
    {R"~(11-21 02:37:06.115  1234  5678 E ActivityManager: ANR in com.example)~", kMillis, Level::kError, "", R"~(ANR in com.example)~"},
    {R"~(E/AndroidRuntime( 1234): FATAL EXCEPTION: main)~", kNoTime, Level::kError, "", R"~(FATAL EXCEPTION: main)~"},
    {R"~(level=INFO ts=2026-11-21T02:37:06Z trace.id=4bf92f3577b34da6a3ce929d0e0e4736 transaction.id=00f067aa0ba902b7 msg=hi)~", kSeconds, Level::kInfo, "4bf92f3577b34da6a3ce929d0e0e4736", R"~(hi)~"},
    {R"~(Nov 21, 2026 2:37:06 AM com.example.Main main)~", kSeconds, Level::kInfo, "", R"~(com.example.Main main)~"},
    {R"~(INFO  2026-11-21 02:37:06,115 [shard 0] init - starting)~", kMillis, Level::kInfo, "", R"~(starting)~"},
    {R"~(2026-11-21 02:37:06.115 UTC [42] ERROR:  relation "x" does not exist at character 15)~", kMillis, Level::kError, "", R"~(relation "x" does not exist at character 15)~"},
    {R"~(2026-11-21 02:37:06.115  WARN 42 --- [nio-8080-exec-1] c.e.s.Ctl : [traceId: 4bf92f3577b34da6a3ce929d0e0e4736] slow)~", kMillis, Level::kWarn, "4bf92f3577b34da6a3ce929d0e0e4736", R"~(slow)~"},
    {R"~(2026-11-21T02:37:06.115Z app[worker.1] error L10: drain buffer overflow)~", kMillis, Level::kInfo, "", R"~(app[worker.1] error L10: drain buffer overflow)~"},
    {R"~(2026-11-21 02:37:06 INFO  [c.e.Res] (executor-thread-1) requestId=5f0d9c1e-6f0b-4b7a-8a8e-0c3c1f6f0b7a, traceId=4bf92f3577b34da6a3ce929d0e0e4736, spanId=00f067aa0ba902b7 hello)~", kSeconds, Level::kInfo, "4bf92f3577b34da6a3ce929d0e0e4736", R"~(*)~"},
    {R"~([2026-11-21T02:37:06.115+0000] {taskinstance.py:12} WARNING - slow)~", kMillis, Level::kWarn, "", R"~(slow)~"},
    {R"~(2026.11.21 02:37:06.115123 [ 42 ] {5f0d9c1e-6f0b-4b7a-8a8e-0c3c1f6f0b7a} <Information> executeQuery: done)~", kMicros, Level::kInfo, "5f0d9c1e-6f0b-4b7a-8a8e-0c3c1f6f0b7a", R"~(executeQuery: done)~"},
    {R"~([02:37:06] [Server thread/WARN]: disk is slow)~", kSeconds, Level::kWarn, "", R"~(disk is slow)~"},
    {R"~(=ERROR REPORT==== 21-Nov-2026::02:37:06.115123 ===)~", kMicros, Level::kError, "", R"~(*)~"},
    {R"~(E20261121 02:37:06.115123     966 server.cc:759] build finished)~", kMicros, Level::kError, "", R"~(build finished)~"},
    {R"~(2026-11-21 02:37:06.115123 W [42:puma srv tp 001] {request_id: 5f0d9c1e-6f0b-4b7a-8a8e-0c3c1f6f0b7a} OrdersController -- slow)~", kMicros, Level::kWarn, "5f0d9c1e-6f0b-4b7a-8a8e-0c3c1f6f0b7a", R"~(*)~"},
    {R"~(2026-11-21T02:37:06.115+0000 E NETWORK  [conn0] end connection)~", kMillis, Level::kError, "", R"~(*)~"},
    {R"~(2026-11-21T02:37:06.115+0000 I am here)~", kMillis, Level::kInfo, "", R"~(I am here)~"},
    {R"~(shop.exe: [WARNING] no request)~", kNoTime, Level::kWarn, "", R"~(no request)~"},
    {R"~([21-Nov-2026 02:37:06 UTC] PHP Fatal error:  Uncaught Error: x)~", kSeconds, Level::kCritical, "", R"~(Uncaught Error: x)~"},
    {R"~([21-Nov-2026 02:37:06 UTC] PHP Warning:  Undefined variable)~", kSeconds, Level::kWarn, "", R"~(Undefined variable)~"},
    {R"~(2026-11-21T02:37:06.115Z pid=42 tid=abc class=HardJob jid=6a request_id=4bf92f3577b34da6a3ce929d0e0e4736 elapsed=0.1 WARN: fail)~", kMillis, Level::kWarn, "4bf92f3577b34da6a3ce929d0e0e4736", R"~(fail)~"},
    {R"~(2026-11-21 02:37:06, Error                 CBS    Session closed)~", kSeconds, Level::kError, "", R"~(*)~"},
    {R"~(2026-11-21 02:37:06 Error while reading)~", kSeconds, Level::kInfo, "", R"~(Error while reading)~"},
    {R"~(warning(server): slow)~", kNoTime, Level::kWarn, "", R"~(slow)~"},
    {R"~(Nov 21 02:37:06.115 DEBG loaded, req_id: 5f0d9c1e-6f0b-4b7a-8a8e-0c3c1f6f0b7a)~", kMillis, Level::kDebug, "5f0d9c1e-6f0b-4b7a-8a8e-0c3c1f6f0b7a", R"~(*)~"},
    {R"~([INFO]	2026-11-21T02:37:06.115Z	5f0d9c1e-6f0b-4b7a-8a8e-0c3c1f6f0b7a	loaded)~", kMillis, Level::kInfo, "5f0d9c1e-6f0b-4b7a-8a8e-0c3c1f6f0b7a", R"~(loaded)~"},
    {R"~(2026/11/21 02:37:06 [web-01/2GpWNT5pZk-000042] "GET http://localhost/ HTTP/1.1" from 127.0.0.1:1 - 200 2B in 1ms)~", kSeconds, Level::kInfo, "web-01/2GpWNT5pZk-000042", R"~(*)~"},
    {R"~({"text":"2026 | x","record":{"level":{"icon":"x","name":"WARNING","no":30},"message":"hi","time":{"repr":"x","timestamp":1795228626.115}}})~", kMillis, Level::kWarn, "", R"~(hi)~"},
    {R"~({"time_iso8601":"2026-11-21T02:37:06+00:00","request":"GET / HTTP/1.1"})~", kSeconds, Level::kInfo, "", R"~(=)~"},
    {R"~({"requestTime":"21/Nov/2026:02:37:06 +0000","status":"200"})~", kSeconds, Level::kInfo, "", R"~(=)~"},
    {R"~({"expireTime":"2027-11-21T02:37:06Z","message":"hi"})~", kNoTime, Level::kInfo, "", R"~(hi)~"},
    {R"~({"t":{"$date":"2026-11-21T02:37:06.115+00:00"},"s":"D1","c":"NETWORK","msg":"hi"})~", kMillis, Level::kDebug, "", R"~(hi)~"},
    {R"~(2026/11/21 02:37:06.115 [E] [router.go:12] | 127.0.0.1| 500 | GET /x)~", kMillis, Level::kError, "", R"~(*)~"},
    {R"~(W261121 02:37:06.115123 42 1@server/node.go:12 [T1,n1] 5  disk is slow)~", kMicros, Level::kWarn, "", R"~(*)~"},
    {R"~(12.594107 WARN  slow query)~", kNoTime, Level::kWarn, "", R"~(slow query)~"},
    {R"~({"context":{"package":"shop","logLevel":40},"message":"hi","time":1795228626115})~", kMillis, Level::kWarn, "", R"~(hi)~"},
    {R"~([2026-11-21T02:37:06.115+00:00] slim-app.WARNING: slow [] [])~", kMillis, Level::kWarn, "", R"~(*)~"},
    {R"~(2026-11-21 02:37:06.115123: W tensorflow/core/platform/x.cc:12] slow)~", kMicros, Level::kWarn, "", R"~(*)~"},
    {R"~(2026-11-21T02:37:06.115Z web-app started)~", kMillis, Level::kInfo, "", R"~(web-app started)~"},
    {R"~(Trace ID       : 4bf92f3577b34da6a3ce929d0e0e4736)~", kNoTime, Level::kInfo, "4bf92f3577b34da6a3ce929d0e0e4736", R"~(=)~"},
    {R"~({"TIMESTAMP":"2026-11-21T02:37:06.115Z","LEVEL":"WARN","MESSAGE":"hi"})~", kMillis, Level::kWarn, "", R"~(hi)~"},
    {R"~(2026-11-21T02:37:06.115Z level=warn order - slow)~", kMillis, Level::kWarn, "", R"~(*)~"},
    {R"~(2026-11-21T02:37:06.115Z E! [inputs.cpu] Error in plugin)~", kMillis, Level::kError, "", R"~(Error in plugin)~"},
    {R"~(2026-11-21 02:37:06:115 ERROR stopped)~", kMillis, Level::kError, "", R"~(stopped)~"},
    {R"~(2026-11-21 02:37:06: ERROR stopped)~", kSeconds, Level::kError, "", R"~(stopped)~"},
};
// clang-format on

TEST_CASE("lines of the usual loggers and servers are told apart by their parts") {
  for (const Row& row : kRows) {
    // The rows show the same ids: what one shows without doubt would tell the next one's.
    Reader reader;
    const event::Event event = reader.read(row.line);
    INFO(row.line);
    CHECK(event.timestamp_us == row.timestamp_us);
    CHECK(event.timestamp_stated == (row.timestamp_us != kNoTime));
    CHECK(event.level == row.level);
    CHECK(std::string(event.correlation_id) == std::string(row.correlation_id));
    if (row.message == "=") {
      CHECK(std::string(event.message) == std::string(row.line));
    } else if (row.message != "*") {
      CHECK(std::string(event.message) == std::string(row.message));
    }
    CHECK(are_json_members(event.metadata));
  }
}

TEST_CASE("a JSON line gives its message, and what has no column stays in metadata as written") {
  Reader reader;
  const event::Event event = reader.read(
      R"({"level":30,"time":1795228626115,"pid":7,"request_id":"req-77","deep":{"a":[1,2]},"msg":"a \"b\"\u0041"})");
  CHECK(event.message == "a \"b\"A");
  CHECK(event.level == Level::kInfo);
  CHECK(event.level_stated);
  CHECK(event.request_id == "req-77");
  CHECK(event.metadata == R"("pid":7,"deep":{"a":[1,2]},"level_raw":"30")");
}

TEST_CASE("a line's own field is not taken for what metadata says of the event") {
  Reader reader;
  const event::Event json = reader.read(
      R"({"msg":"upload","partial":true,"replaces":2,"continues":"x","gap":{"lines":3},"part":1})");
  CHECK(json.message == "upload");
  CHECK(json.metadata ==
        R"("partial_":true,"replaces_":2,"continues_":"x","gap_":{"lines":3},"part":1)");
  const event::Event pairs = reader.read("level=info msg=upload replaces=2 continued=true");
  CHECK(pairs.metadata == R"("replaces_":"2","continued_":"true")");
}

TEST_CASE("a logfmt line gives its message, and its other pairs go to metadata as strings") {
  Reader reader;
  const event::Event event = reader.read(
      R"(ts=2026-11-21T02:37:06.115Z lvl=warn msg="it \"broke\"" took=5ms trace_id=4bf92f35)");
  CHECK(event.message == R"(it "broke")");
  CHECK(event.level == Level::kWarn);
  CHECK(event.timestamp_us == kPrintedUs);
  CHECK(event.trace_id == "4bf92f35");
  CHECK(event.metadata.find(R"("took":"5ms")") != std::string_view::npos);
}

TEST_CASE("what a text line's header holds besides time and level stays in metadata") {
  Reader reader;
  const event::Event event =
      reader.read("2026-11-21 02:37:06,115 [main] INFO  com.example.Main - started");
  CHECK(event.message == "started");
  CHECK(event.metadata == R"("prefix":"[main] com.example.Main")");
}

TEST_CASE("fields that a terminal logger prints behind the message go to metadata") {
  Reader reader;
  const event::Event event = reader.read(
      "2026-11-21T02:37:06.115Z\tDEBUG\tshop/main.go:170\tok\t{\"request_id\": \"r-12345\", \"n\": "
      "1}");
  CHECK(event.message == "ok");
  CHECK(event.request_id == "r-12345");
  CHECK(event.metadata.find(R"("n":1)") != std::string_view::npos);
}

TEST_CASE("wrapped lines are unwrapped before they are read") {
  Reader reader;
  event::Event event = reader.read(
      R"({"log":"{\"level\":50,\"msg\":\"boom\",\"reqId\":\"req-9\"}\n","stream":"stderr","time":"2026-11-21T02:37:06.115Z"})");
  CHECK(event.message == "boom");
  CHECK(event.level == Level::kError);
  CHECK(event.request_id == "req-9");
  CHECK(event.timestamp_us == kPrintedUs);

  event = reader.read("2026-11-21T02:37:06.115000000Z stdout F WARN  slow");
  CHECK(event.message == "slow");
  CHECK(event.level == Level::kWarn);
  CHECK(event.timestamp_us == kPrintedUs);

  event = reader.read("api-1  | {\"level\":\"info\",\"msg\":\"up\"}");
  CHECK(event.message == "up");
  CHECK(event.service == "api");
  CHECK(event.metadata == R"("process":"api-1")");

  event = reader.read("02:37:06 web.1   | 02:37:06.115 ERROR boom");
  CHECK(event.service == "web");
  CHECK(event.message == "boom");
  CHECK(event.timestamp_us == kPrintedUs);

  event = reader.read("[1] {\"level\":\"info\",\"msg\":\"up\"}");
  CHECK(event.message == "up");
  CHECK(event.service.empty());
}

TEST_CASE("what a browser said is told from the dev server that prints it") {
  Reader reader;
  const auto read = [&reader](std::string_view line) {
    event::Event event;
    event.source = event::SourceKind::kStdout;
    event.run_id = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
    event.timestamp_us = kReadTimeUs;
    event.message = line;
    return reader.read(event);
  };
  event::Event event = read("\x1b[2m2:37:06 AM\x1b[22m \x1b[36m\x1b[1m[vite]\x1b[22m\x1b[39m "
                            "\x1b[2m(client)\x1b[22m \x1b[2m[console.warn] \x1b[22mslow request");
  CHECK(event.source == event::SourceKind::kExtension);
  CHECK(event.message == "slow request");
  CHECK(event.level == Level::kWarn);
  event = read("2:37:06 AM [vite] (client) [console.log] hello");
  CHECK(event.source == event::SourceKind::kExtension);
  CHECK(event.level == Level::kInfo);
  CHECK(event.message == "hello");
  event = read("2:37:06 AM [vite] (client) [Unhandled error] TypeError: x is undefined");
  CHECK(event.source == event::SourceKind::kExtension);
  CHECK(event.level == Level::kError);
  CHECK(event.message == "[Unhandled error] TypeError: x is undefined");
  event = read(" [browser] clicked (app/page.tsx:8:17) request_id=req-7f3f1d2c");
  CHECK(event.source == event::SourceKind::kExtension);
  CHECK(event.message == "clicked (app/page.tsx:8:17) request_id=req-7f3f1d2c");
  CHECK(event.request_id == "req-7f3f1d2c");
  event = read("2:37:06 AM [vite] (client) hmr update /src/App.tsx");
  CHECK(event.source == event::SourceKind::kStdout);
  event = read("opened the [browser] again");
  CHECK(event.source == event::SourceKind::kStdout);
}

TEST_CASE("a service that the producer stated is not replaced by a prefix") {
  Reader reader;
  event::Event event;
  event.service = "web";
  event.message = "api  | hello";
  event.timestamp_us = kReadTimeUs;
  event = reader.read(event);
  CHECK(event.service == "web");
  CHECK(event.message == "hello");
  CHECK(event.metadata.find(R"("process":"api")") != std::string_view::npos);
}

TEST_CASE("plain text stays as it is, with its indentation") {
  Reader reader;
  for (const std::string_view line :
       {"listening on http://localhost:3000", "    at charge (/srv/node/common.js:23:26)",
        "error handling is hard", "Traceback (most recent call last):", "", "   ", "{not json}",
        "100644 blob 7908af93a9f073a871ecad6a68c4e1f740132f21\tf1", "Note that a log is long"}) {
    const event::Event event = reader.read(line);
    INFO(line);
    CHECK(std::string(event.message) == std::string(line));
    CHECK_FALSE(event.level_stated);
    CHECK_FALSE(event.timestamp_stated);
    CHECK(event.correlation_id.empty());
  }
}

}  // namespace
}  // namespace gasoline::understand
