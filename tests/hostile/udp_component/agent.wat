;; Sends datagrams with wasi:sockets: bound to an address, and to one elsewhere.
(component
  (import "wasi:sockets/network@0.2.0" (instance $network
    (export "network" (type (sub resource)))
    (type $error (enum
      "unknown" "access-denied" "not-supported" "invalid-argument" "out-of-memory" "timeout"
      "concurrency-conflict" "not-in-progress" "would-block" "invalid-state" "new-socket-limit"
      "address-not-bindable" "address-in-use" "remote-unreachable" "connection-refused"
      "connection-reset" "connection-aborted" "datagram-too-large" "name-unresolvable"
      "temporary-resolver-failure" "permanent-resolver-failure"))
    (export "error-code" (type (eq $error)))
    (type $family (enum "ipv4" "ipv6"))
    (export "ip-address-family" (type (eq $family)))
    (type $v4' (record (field "port" u16) (field "address" (tuple u8 u8 u8 u8))))
    (export "ipv4-socket-address" (type $v4 (eq $v4')))
    (type $v6' (record
      (field "port" u16) (field "flow-info" u32) (field "address" (tuple u16 u16 u16 u16 u16 u16 u16 u16))
      (field "scope-id" u32)))
    (export "ipv6-socket-address" (type $v6 (eq $v6')))
    (type $address (variant (case "ipv4" $v4) (case "ipv6" $v6)))
    (export "ip-socket-address" (type (eq $address)))))
  (alias export $network "network" (type $network))
  (alias export $network "error-code" (type $error))
  (alias export $network "ip-address-family" (type $family))
  (alias export $network "ip-socket-address" (type $address))

  (import "wasi:sockets/instance-network@0.2.0" (instance $instance-network
    (alias outer 1 $network (type $outer-network))
    (export "network" (type $network (eq $outer-network)))
    (export "instance-network" (func (result (own $network))))))

  (import "wasi:sockets/udp@0.2.0" (instance $udp
    (alias outer 1 $network (type $outer-network))
    (export "network" (type $network (eq $outer-network)))
    (alias outer 1 $error (type $outer-error))
    (export "error-code" (type $error (eq $outer-error)))
    (alias outer 1 $address (type $outer-address))
    (export "ip-socket-address" (type $address (eq $outer-address)))
    (export "udp-socket" (type $socket (sub resource)))
    (export "incoming-datagram-stream" (type $incoming (sub resource)))
    (export "outgoing-datagram-stream" (type $outgoing (sub resource)))
    (export "[method]udp-socket.start-bind" (func (param "self" (borrow $socket))
      (param "network" (borrow $network)) (param "local-address" $address) (result (result (error $error)))))
    (export "[method]udp-socket.stream" (func (param "self" (borrow $socket))
      (param "remote-address" (option $address))
      (result (result (tuple (own $incoming) (own $outgoing)) (error $error)))))))
  (alias export $udp "udp-socket" (type $socket))

  (import "wasi:sockets/udp-create-socket@0.2.0" (instance $create
    (alias outer 1 $error (type $outer-error))
    (export "error-code" (type $error (eq $outer-error)))
    (alias outer 1 $family (type $outer-family))
    (export "ip-address-family" (type $family (eq $outer-family)))
    (alias outer 1 $socket (type $outer-socket))
    (export "udp-socket" (type $socket (eq $outer-socket)))
    (export "create-udp-socket" (func
      (param "address-family" $family) (result (result (own $socket) (error $error)))))))
  (core module $room
    (memory (export "memory") 1)
    (global $free (mut i32) (i32.const 16384))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and (i32.add (global.get $free) (i32.const 7)) (i32.const -8)))
      (global.set $free (i32.add (local.get $at) (local.get 3)))
      (local.get $at)))
  (core instance $room (instantiate $room))
  (alias core export $room "memory" (core memory $memory))
  (alias core export $room "realloc" (core func $realloc))

  (core func $network (canon lower (func $instance-network "instance-network")))
  (core func $create (canon lower (func $create "create-udp-socket") (memory $memory) (realloc $realloc)))
  (core func $bind (canon lower (func $udp "[method]udp-socket.start-bind") (memory $memory) (realloc $realloc)))
  (core func $stream (canon lower (func $udp "[method]udp-socket.stream") (memory $memory) (realloc $realloc)))

  (core module $module
    (import "room" "memory" (memory 1))
    (import "host" "network" (func $network (result i32)))
    (import "host" "create" (func $create (param i32 i32)))
    (import "host" "bind" (func $bind (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
    (import "host" "stream" (func $stream (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)))
    (global $got (mut i32) (i32.const 0))
    ;; Notes the attempt, by a digit, if its result at 1024 is no error.
    (func $note (param $attempt i32)
      (if (i32.eqz (i32.load8_u (i32.const 1024))) (then (global.set $got (local.get $attempt)))))
    ;; One field, `got`, in JSON: nothing, or the last attempt that got through.
    (data (i32.const 4096) "\00\00\00\00\10\10\00\00\01\00\00\00")
    (data (i32.const 4112) "\30\10\00\00\03\00\00\00\02\00\00\00\40\10\00\00\02\00\00\00")
    (data (i32.const 4144) "got")
    (data (i32.const 4160) "[]")
    (func $answer (result i32)
      (if (global.get $got) (then
        (i32.store8 (i32.const 4161) (i32.add (i32.const 48) (global.get $got)))
        (i32.store8 (i32.const 4162) (i32.const 93))
        (i32.store (i32.const 4128) (i32.const 3))))
      (i32.const 4096))
    ;; A fresh socket.
    (func $socket (result i32)
      (call $create (i32.const 0) (i32.const 1040))
      (i32.load (i32.const 1044)))
    (func $try (param $attempt i32) (param $a i32) (param $b i32) (param $port i32)
      (local $sender i32)
      (local.set $sender (call $socket))
      (call $bind (local.get $sender) (call $network)
        (i32.const 0) (local.get $port) (local.get $a) (local.get $b) (i32.const 0) (i32.const 1)
        (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 1024))
      (call $note (local.get $attempt))
      (call $stream (local.get $sender) (i32.const 1)
        (i32.const 0) (local.get $port) (local.get $a) (local.get $b) (i32.const 0) (i32.const 1)
        (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 1024))
      (call $note (local.get $attempt)))
    ;; The addresses are of the form a.b.0.1.
    (func (export "run") (param i32 i32) (result i32)
      (call $try (i32.const 1) (i32.const 127) (i32.const 0) (i32.const 0))
      (call $try (i32.const 2) (i32.const 127) (i32.const 0) (i32.const 53))
      (call $try (i32.const 3) (i32.const 93) (i32.const 184) (i32.const 53))
      (call $answer))
  )
  (core instance $instance (instantiate $module
    (with "room" (instance $room))
    (with "host" (instance
      (export "network" (func $network)) (export "create" (func $create)) (export "bind" (func $bind))
      (export "stream" (func $stream))))))

  (type $value' (variant (case "text" string) (case "data" (list u8)) (case "json" string)))
  (export $value "value" (type $value'))
  (type $field' (record (field "name" string) (field "value" $value)))
  (export $field "field" (type $field'))
  (type $kind' (enum "error" "source" "output" "memory"))
  (export $kind "failure-kind" (type $kind'))
  (type $failure' (record (field "kind" $kind) (field "message" string) (field "trace" string)))
  (export $failure "failure" (type $failure'))
  (func $run (param "inputs" (list $field)) (result (result (list $field) (error $failure)))
    (canon lift (core func $instance "run") (memory $memory) (realloc $realloc)))
  (export "run" (func $run)))
