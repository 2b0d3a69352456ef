;; A component that sends requests with wasi:http, around `run` and the texts that it needs: `$send`
;; gives the status of what a request gets, or the position of the error among the cases of
;; `error-code`; it keeps what it gets. `$write` writes three digits, `$give` gives a text.
(component
  (import "wasi:io/poll@0.2.0" (instance $poll
    (export "pollable" (type $pollable (sub resource)))
    (export "[method]pollable.block" (func (param "self" (borrow $pollable))))))
  (alias export $poll "pollable" (type $pollable))

  (import "wasi:http/types@0.2.0" (instance $types
    (alias outer 1 $pollable (type $outer-pollable))
    (export "pollable" (type $pollable (eq $outer-pollable)))
    (export "fields" (type $fields (sub resource)))
    (export "outgoing-request" (type $request (sub resource)))
    (export "request-options" (type $options (sub resource)))
    (export "incoming-response" (type $response (sub resource)))
    (export "future-incoming-response" (type $future (sub resource)))
{{ http types }}
    (export "[constructor]fields" (func (result (own $fields))))
    (export "[constructor]outgoing-request" (func (param "headers" (own $fields)) (result (own $request))))
    (export "[method]outgoing-request.set-scheme"
      (func (param "self" (borrow $request)) (param "scheme" (option $scheme)) (result (result))))
    (export "[method]outgoing-request.set-authority"
      (func (param "self" (borrow $request)) (param "authority" (option string)) (result (result))))
    (export "[method]outgoing-request.set-path-with-query"
      (func (param "self" (borrow $request)) (param "path-with-query" (option string)) (result (result))))
    (export "[method]future-incoming-response.subscribe"
      (func (param "self" (borrow $future)) (result (own $pollable))))
    (export "[method]future-incoming-response.get"
      (func (param "self" (borrow $future)) (result (option (result (result (own $response) (error $error)))))))
    (export "[method]incoming-response.status" (func (param "self" (borrow $response)) (result u16)))))
  (alias export $types "outgoing-request" (type $request))
  (alias export $types "request-options" (type $options))
  (alias export $types "future-incoming-response" (type $future))
  (alias export $types "error-code" (type $error))

  (import "wasi:http/outgoing-handler@0.2.0" (instance $handler
    (alias outer 1 $request (type $outer-request))
    (export "outgoing-request" (type $request (eq $outer-request)))
    (alias outer 1 $options (type $outer-options))
    (export "request-options" (type $options (eq $outer-options)))
    (alias outer 1 $future (type $outer-future))
    (export "future-incoming-response" (type $future (eq $outer-future)))
    (alias outer 1 $error (type $outer-error))
    (export "error-code" (type $error (eq $outer-error)))
    (export "handle" (func (param "request" (own $request)) (param "options" (option (own $options)))
      (result (result (own $future) (error $error)))))))

{{ room }}

  (core func $block (canon lower (func $poll "[method]pollable.block")))
  (core func $fields (canon lower (func $types "[constructor]fields")))
  (core func $new (canon lower (func $types "[constructor]outgoing-request")))
  (core func $scheme
    (canon lower (func $types "[method]outgoing-request.set-scheme") (memory $memory) (realloc $realloc)))
  (core func $authority
    (canon lower (func $types "[method]outgoing-request.set-authority") (memory $memory) (realloc $realloc)))
  (core func $path
    (canon lower (func $types "[method]outgoing-request.set-path-with-query") (memory $memory) (realloc $realloc)))
  (core func $handle (canon lower (func $handler "handle") (memory $memory) (realloc $realloc)))
  (core func $subscribe (canon lower (func $types "[method]future-incoming-response.subscribe")))
  (core func $get
    (canon lower (func $types "[method]future-incoming-response.get") (memory $memory) (realloc $realloc)))
  (core func $status (canon lower (func $types "[method]incoming-response.status")))

  (core module $module
    (import "room" "memory" (memory 1))
    (import "host" "block" (func $block (param i32)))
    (import "host" "fields" (func $fields (result i32)))
    (import "host" "new" (func $new (param i32) (result i32)))
    (import "host" "scheme" (func $scheme (param i32 i32 i32 i32 i32) (result i32)))
    (import "host" "authority" (func $authority (param i32 i32 i32 i32) (result i32)))
    (import "host" "path" (func $path (param i32 i32 i32 i32) (result i32)))
    (import "host" "handle" (func $handle (param i32 i32 i32 i32)))
    (import "host" "subscribe" (func $subscribe (param i32) (result i32)))
    (import "host" "get" (func $get (param i32 i32)))
    (import "host" "status" (func $status (param i32) (result i32)))
    (data (i32.const 16) "got")
{{ run }}
    (func $length (param $at i32) (result i32)
      (local $end i32)
      (local.set $end (local.get $at))
      (loop $more
        (if (i32.load8_u (local.get $end))
          (then (local.set $end (i32.add (local.get $end) (i32.const 1))) (br $more))))
      (i32.sub (local.get $end) (local.get $at)))
    ;; The status of what a request gets, or its error.
    (func $send (param $host i32) (param $target i32) (result i32)
      (local $request i32)
      (local $future i32)
      (local.set $request (call $new (call $fields)))
      (drop (call $scheme (local.get $request) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0)))
      (drop (call $authority
        (local.get $request) (i32.const 1) (local.get $host) (call $length (local.get $host))))
      (drop (call $path
        (local.get $request) (i32.const 1) (local.get $target) (call $length (local.get $target))))
      (call $handle (local.get $request) (i32.const 0) (i32.const 0) (i32.const 1024))
      (if (i32.load8_u (i32.const 1024)) (then (return (i32.load8_u (i32.const 1032)))))
      (local.set $future (i32.load (i32.const 1032)))
      (call $block (call $subscribe (local.get $future)))
      (call $get (local.get $future) (i32.const 1024))
      (if (i32.load8_u (i32.const 1040)) (then (return (i32.load8_u (i32.const 1048)))))
      (call $status (i32.load (i32.const 1048))))
    (func $write (param $at i32) (param $number i32)
      (i32.store8 (local.get $at) (i32.add (i32.const 48) (i32.div_u (local.get $number) (i32.const 100))))
      (i32.store8 offset=1 (local.get $at)
        (i32.add (i32.const 48) (i32.rem_u (i32.div_u (local.get $number) (i32.const 10)) (i32.const 10))))
      (i32.store8 offset=2 (local.get $at) (i32.add (i32.const 48) (i32.rem_u (local.get $number) (i32.const 10))))
      (i32.store8 offset=3 (local.get $at) (i32.const 32)))
    ;; One field, a text.
    (func $give (param $text i32) (param $length i32) (result i32)
      (i32.store (i32.const 4096) (i32.const 0))
      (i32.store (i32.const 4100) (i32.const 4112))
      (i32.store (i32.const 4104) (i32.const 1))
      (i32.store (i32.const 4112) (i32.const 16))
      (i32.store (i32.const 4116) (i32.const 3))
      (i32.store8 (i32.const 4120) (i32.const 0))
      (i32.store (i32.const 4124) (local.get $text))
      (i32.store (i32.const 4128) (local.get $length))
      (i32.const 4096)))
  (core instance $instance (instantiate $module
    (with "room" (instance $room))
    (with "host" (instance
      (export "block" (func $block)) (export "fields" (func $fields)) (export "new" (func $new))
      (export "scheme" (func $scheme)) (export "authority" (func $authority)) (export "path" (func $path))
      (export "handle" (func $handle)) (export "subscribe" (func $subscribe)) (export "get" (func $get))
      (export "status" (func $status))))))

{{ world }})
