;; Writes its arguments, its environment and its standard input, each part with its NULs.
(module
    (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes_get (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ_sizes_get (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "environ_get" (func $environ_get (param i32 i32) (result i32)))
    (memory (export "memory") 4)
    (func $write (param $to i32) (param $from i32) (param $length i32)
        (i32.store (i32.const 16) (local.get $from))
        (i32.store (i32.const 20) (local.get $length))
        (drop (call $fd_write (local.get $to) (i32.const 16) (i32.const 1) (i32.const 24))))
    (func (export "_start")
        (drop (call $args_sizes_get (i32.const 0) (i32.const 4)))
        (drop (call $args_get (i32.const 1024) (i32.const 65536)))
        (call $write (i32.const 1) (i32.const 65536) (i32.load (i32.const 4)))
        (drop (call $environ_sizes_get (i32.const 0) (i32.const 4)))
        (drop (call $environ_get (i32.const 1024) (i32.const 65536)))
        (call $write (i32.const 1) (i32.const 65536) (i32.load (i32.const 4)))
        (loop $more
            (i32.store (i32.const 16) (i32.const 65536))
            (i32.store (i32.const 20) (i32.const 4096))
            (if (i32.eqz (call $fd_read (i32.const 0) (i32.const 16) (i32.const 1) (i32.const 8))) (then
                (if (i32.load (i32.const 8)) (then
                    (call $write (i32.const 1) (i32.const 65536) (i32.load (i32.const 8)))
                    (br $more))))))))
