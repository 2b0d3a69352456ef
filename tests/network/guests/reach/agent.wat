;; Looks a name up with wasi:sockets, connects to its first address, sends a line and reads what comes
;; back. Gives that, or the letter of the step that failed and a number of three digits: the position
;; of the error among the cases of `error-code`.
;;
;; The inputs are read in the order of their names: line, name, port.
(component
  (import "wasi:io/poll@0.2.0" (instance $poll
    (export "pollable" (type $pollable (sub resource)))
    (export "[method]pollable.block" (func (param "self" (borrow $pollable))))))
  (alias export $poll "pollable" (type $pollable))

  (import "wasi:io/error@0.2.0" (instance $io-error (export "error" (type $error (sub resource)))))
  (alias export $io-error "error" (type $io-error))

  (import "wasi:io/streams@0.2.0" (instance $streams
    (alias outer 1 $io-error (type $outer-error))
    (export "error" (type $error (eq $outer-error)))
    (type $failed' (variant (case "last-operation-failed" (own $error)) (case "closed")))
    (export "stream-error" (type $failed (eq $failed')))
    (export "input-stream" (type $input (sub resource)))
    (export "output-stream" (type $output (sub resource)))
    (export "[method]input-stream.blocking-read"
      (func (param "self" (borrow $input)) (param "len" u64) (result (result (list u8) (error $failed)))))
    (export "[method]output-stream.blocking-write-and-flush"
      (func (param "self" (borrow $output)) (param "contents" (list u8)) (result (result (error $failed)))))))
  (alias export $streams "input-stream" (type $input))
  (alias export $streams "output-stream" (type $output))

  (import "wasi:sockets/network@0.2.0" (instance $networks
    (export "network" (type $network (sub resource)))
    (type $error' (enum "unknown" "access-denied" "not-supported" "invalid-argument" "out-of-memory" "timeout"
      "concurrency-conflict" "not-in-progress" "would-block" "invalid-state" "new-socket-limit"
      "address-not-bindable" "address-in-use" "remote-unreachable" "connection-refused" "connection-reset"
      "connection-aborted" "datagram-too-large" "name-unresolvable" "temporary-resolver-failure"
      "permanent-resolver-failure"))
    (export "error-code" (type $error (eq $error')))
    (type $family' (enum "ipv4" "ipv6"))
    (export "ip-address-family" (type $family (eq $family')))
    (type $four' (tuple u8 u8 u8 u8))
    (export "ipv4-address" (type $four (eq $four')))
    (type $six' (tuple u16 u16 u16 u16 u16 u16 u16 u16))
    (export "ipv6-address" (type $six (eq $six')))
    (type $address' (variant (case "ipv4" $four) (case "ipv6" $six)))
    (export "ip-address" (type $address (eq $address')))
    (type $four-socket' (record (field "port" u16) (field "address" $four)))
    (export "ipv4-socket-address" (type $four-socket (eq $four-socket')))
    (type $six-socket'
      (record (field "port" u16) (field "flow-info" u32) (field "address" $six) (field "scope-id" u32)))
    (export "ipv6-socket-address" (type $six-socket (eq $six-socket')))
    (type $socket' (variant (case "ipv4" $four-socket) (case "ipv6" $six-socket)))
    (export "ip-socket-address" (type $socket (eq $socket')))))
  (alias export $networks "network" (type $network))
  (alias export $networks "error-code" (type $error))
  (alias export $networks "ip-address-family" (type $family))
  (alias export $networks "ip-address" (type $address))
  (alias export $networks "ip-socket-address" (type $socket))

  (import "wasi:sockets/instance-network@0.2.0" (instance $own
    (alias outer 1 $network (type $outer-network))
    (export "network" (type $network (eq $outer-network)))
    (export "instance-network" (func (result (own $network))))))

  (import "wasi:sockets/ip-name-lookup@0.2.0" (instance $lookup
    (alias outer 1 $pollable (type $outer-pollable))
    (export "pollable" (type $pollable (eq $outer-pollable)))
    (alias outer 1 $network (type $outer-network))
    (export "network" (type $network (eq $outer-network)))
    (alias outer 1 $error (type $outer-error))
    (export "error-code" (type $error (eq $outer-error)))
    (alias outer 1 $address (type $outer-address))
    (export "ip-address" (type $address (eq $outer-address)))
    (export "resolve-address-stream" (type $found (sub resource)))
    (export "resolve-addresses" (func (param "network" (borrow $network)) (param "name" string)
      (result (result (own $found) (error $error)))))
    (export "[method]resolve-address-stream.resolve-next-address"
      (func (param "self" (borrow $found)) (result (result (option $address) (error $error)))))
    (export "[method]resolve-address-stream.subscribe"
      (func (param "self" (borrow $found)) (result (own $pollable))))))

  (import "wasi:sockets/tcp@0.2.0" (instance $tcp
    (alias outer 1 $pollable (type $outer-pollable))
    (export "pollable" (type $pollable (eq $outer-pollable)))
    (alias outer 1 $input (type $outer-input))
    (export "input-stream" (type $input (eq $outer-input)))
    (alias outer 1 $output (type $outer-output))
    (export "output-stream" (type $output (eq $outer-output)))
    (alias outer 1 $network (type $outer-network))
    (export "network" (type $network (eq $outer-network)))
    (alias outer 1 $error (type $outer-error))
    (export "error-code" (type $error (eq $outer-error)))
    (alias outer 1 $socket (type $outer-socket))
    (export "ip-socket-address" (type $address (eq $outer-socket)))
    (export "tcp-socket" (type $socket (sub resource)))
    (export "[method]tcp-socket.start-connect" (func (param "self" (borrow $socket))
      (param "network" (borrow $network)) (param "remote-address" $address) (result (result (error $error)))))
    (export "[method]tcp-socket.finish-connect" (func (param "self" (borrow $socket))
      (result (result (tuple (own $input) (own $output)) (error $error)))))
    (export "[method]tcp-socket.subscribe" (func (param "self" (borrow $socket)) (result (own $pollable))))))
  (alias export $tcp "tcp-socket" (type $tcp-socket))

  (import "wasi:sockets/tcp-create-socket@0.2.0" (instance $create
    (alias outer 1 $error (type $outer-error))
    (export "error-code" (type $error (eq $outer-error)))
    (alias outer 1 $family (type $outer-family))
    (export "ip-address-family" (type $family (eq $outer-family)))
    (alias outer 1 $tcp-socket (type $outer-socket))
    (export "tcp-socket" (type $socket (eq $outer-socket)))
    (export "create-tcp-socket"
      (func (param "address-family" $family) (result (result (own $socket) (error $error)))))))

{{ room }}

  (core func $block (canon lower (func $poll "[method]pollable.block")))
  (core func $read (canon lower (func $streams "[method]input-stream.blocking-read") (memory $memory) (realloc $realloc)))
  (core func $write (canon lower (func $streams "[method]output-stream.blocking-write-and-flush") (memory $memory)))
  (core func $network (canon lower (func $own "instance-network")))
  (core func $resolve (canon lower (func $lookup "resolve-addresses") (memory $memory)))
  (core func $next
    (canon lower (func $lookup "[method]resolve-address-stream.resolve-next-address") (memory $memory)))
  (core func $found (canon lower (func $lookup "[method]resolve-address-stream.subscribe")))
  (core func $create (canon lower (func $create "create-tcp-socket") (memory $memory)))
  (core func $start (canon lower (func $tcp "[method]tcp-socket.start-connect") (memory $memory)))
  (core func $finish (canon lower (func $tcp "[method]tcp-socket.finish-connect") (memory $memory)))
  (core func $connected (canon lower (func $tcp "[method]tcp-socket.subscribe")))

  (core module $module
    (import "room" "memory" (memory 1))
    (import "host" "block" (func $block (param i32)))
    (import "host" "read" (func $read (param i32 i64 i32)))
    (import "host" "write" (func $write (param i32 i32 i32 i32)))
    (import "host" "network" (func $network (result i32)))
    (import "host" "resolve" (func $resolve (param i32 i32 i32 i32)))
    (import "host" "next" (func $next (param i32 i32)))
    (import "host" "found" (func $found (param i32) (result i32)))
    (import "host" "create" (func $create (param i32 i32)))
    (import "host" "start"
      (func $start (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
    (import "host" "finish" (func $finish (param i32 i32)))
    (import "host" "connected" (func $connected (param i32) (result i32)))
    (data (i32.const 16) "got")
    (global $inputs (mut i32) (i32.const 0))
    ;; Where the text of an input begins, and how long it is.
    (func $text (param $input i32) (result i32)
      (i32.load offset=12 (i32.add (global.get $inputs) (i32.mul (local.get $input) (i32.const 20)))))
    (func $length (param $input i32) (result i32)
      (i32.load offset=16 (i32.add (global.get $inputs) (i32.mul (local.get $input) (i32.const 20)))))
    (func $port (result i32)
      (local $at i32) (local $port i32)
      (loop $more
        (local.set $port (i32.add (i32.mul (local.get $port) (i32.const 10))
          (i32.sub (i32.load8_u (i32.add (call $text (i32.const 2)) (local.get $at))) (i32.const 48))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br_if $more (i32.lt_u (local.get $at) (call $length (i32.const 2)))))
      (local.get $port))
    ;; One field, a text.
    (func $give (param $text i32) (param $length i32) (result i32)
      (i32.store (i32.const 256) (i32.const 0))
      (i32.store (i32.const 260) (i32.const 272))
      (i32.store (i32.const 264) (i32.const 1))
      (i32.store (i32.const 272) (i32.const 16))
      (i32.store (i32.const 276) (i32.const 3))
      (i32.store8 (i32.const 280) (i32.const 0))
      (i32.store (i32.const 284) (local.get $text))
      (i32.store (i32.const 288) (local.get $length))
      (i32.const 256))
    ;; A step that failed: its letter, and the error.
    (func $failed (param $letter i32) (param $error i32) (result i32)
      (i32.store8 (i32.const 2048) (local.get $letter))
      (i32.store8 (i32.const 2049) (i32.add (i32.const 48) (i32.div_u (local.get $error) (i32.const 100))))
      (i32.store8 (i32.const 2050)
        (i32.add (i32.const 48) (i32.rem_u (i32.div_u (local.get $error) (i32.const 10)) (i32.const 10))))
      (i32.store8 (i32.const 2051) (i32.add (i32.const 48) (i32.rem_u (local.get $error) (i32.const 10))))
      (call $give (i32.const 2048) (i32.const 4)))
    (func (export "run") (param $at i32) (param i32) (result i32)
      (local $network i32) (local $stream i32) (local $socket i32) (local $input i32) (local $output i32)
      (global.set $inputs (local.get $at))
      (local.set $network (call $network))
      (call $resolve (local.get $network) (call $text (i32.const 1)) (call $length (i32.const 1)) (i32.const 1024))
      (if (i32.load8_u (i32.const 1024))
        (then (return (call $failed (i32.const 110 (; n ;)) (i32.load8_u (i32.const 1028))))))
      (local.set $stream (i32.load (i32.const 1028)))
      (call $block (call $found (local.get $stream)))
      (call $next (local.get $stream) (i32.const 1024))
      (if (i32.load8_u (i32.const 1024))
        (then (return (call $failed (i32.const 110 (; n ;)) (i32.load8_u (i32.const 1026))))))
      (call $create (i32.const 0) (i32.const 1040))
      (local.set $socket (i32.load (i32.const 1044)))
      (call $start (local.get $socket) (local.get $network) (i32.const 0) (call $port)
        (i32.load8_u (i32.const 1030)) (i32.load8_u (i32.const 1031))
        (i32.load8_u (i32.const 1032)) (i32.load8_u (i32.const 1033))
        (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 1040))
      (if (i32.load8_u (i32.const 1040))
        (then (return (call $failed (i32.const 115 (; s ;)) (i32.load8_u (i32.const 1041))))))
      (call $block (call $connected (local.get $socket)))
      (call $finish (local.get $socket) (i32.const 1024))
      (if (i32.load8_u (i32.const 1024))
        (then (return (call $failed (i32.const 99 (; c ;)) (i32.load8_u (i32.const 1028))))))
      (local.set $input (i32.load (i32.const 1028)))
      (local.set $output (i32.load (i32.const 1032)))
      (call $write (local.get $output) (call $text (i32.const 0)) (call $length (i32.const 0)) (i32.const 1024))
      (if (i32.load8_u (i32.const 1024))
        (then (return (call $failed (i32.const 119 (; w ;)) (i32.load8_u (i32.const 1028))))))
      (call $read (local.get $input) (i64.const 1024) (i32.const 1024))
      (if (i32.load8_u (i32.const 1024))
        (then (return (call $failed (i32.const 114 (; r ;)) (i32.load8_u (i32.const 1028))))))
      (call $give (i32.load (i32.const 1028)) (i32.load (i32.const 1032)))))
  (core instance $instance (instantiate $module
    (with "room" (instance $room))
    (with "host" (instance
      (export "block" (func $block)) (export "read" (func $read)) (export "write" (func $write))
      (export "network" (func $network)) (export "resolve" (func $resolve)) (export "next" (func $next))
      (export "found" (func $found)) (export "create" (func $create)) (export "start" (func $start))
      (export "finish" (func $finish)) (export "connected" (func $connected))))))

{{ world }})
