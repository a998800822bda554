/* SPDX-License-Identifier: MIT */
/*
 * A model of how threads exchange blocks: the loaded and the spare magazine of each, the depot and
 * the slab of one class, the order of the locks, a fork that takes them all and whose thread
 * passes, and a handler that interrupts a thread in the slow part. (host/thread.c, depot.c, slab.c,
 * lock.h, inside.h, fork.c.)
 *
 * Claims: no end but the proper one, that is no deadlock; one thread at a time under each lock; no
 * block in the hands of two; every block somewhere; and at the moment of a fork nothing is half
 * done, so that the child's copy is whole. protocol.py defines one of the faults WRONG_*, each of
 * which must break a claim.
 *
 * A fast path is one step: a handler that interrupts one keeps away from the magazines.
 *
 * Smaller than the library: 2 threads of STEPS steps, 4 blocks, of which at the start the program
 * has 2 and the depot one; magazines of one block, a depot of one magazine. What only one thread can see is one step.
 */

#ifndef STEPS
#define STEPS 3
#endif
#define THREADS 2
#define BLOCKS 4
#define ROOM 1
#define NOBODY 255

/* In the order of lock.h. */
#define CLASS 0
#define POOL 1
#define HEAP 2
#define LIST 3
#define LOCKS 4

byte ended;
byte holder[LOCKS] = NOBODY;
byte working[LOCKS]; /* how many are at work under the lock */
bool forking;
byte forker;
bool inside[THREADS];

typedef magazine {
    byte count;
    byte block[ROOM]
};
magazine loaded[THREADS];
magazine spare[THREADS]; /* full or empty, as between two calls in the library */
magazine depot;          /* full, or there is none */
bool out[BLOCKS];        /* bits of the slab */
bool held[BLOCKS];       /* by the program */

/* ---- locks ---- */

#ifdef WRONG_PASS_ALL
#define PASSES(t) forking
#elif defined(WRONG_PASS_NONE)
#define PASSES(t) false
#else
#define PASSES(t) (forking && forker == t)
#endif

/* A handler that asks for memory, wherever the thread is. It waits for no lock: where it would have
 * to, it is refused. */
inline interrupt(t) {
    if
    :: true -> skip
#ifdef WRONG_HANDLER_WAITS
    :: inside[t] && !PASSES(t) -> holder[CLASS] == NOBODY
#else
    :: inside[t] -> skip
#endif
    fi
}

inline acquire(t, lock) {
    if
    :: PASSES(t)
    :: else ->
        atomic { holder[lock] == NOBODY -> holder[lock] = t }
    fi;
    d_step {
        working[lock]++;
        assert(working[lock] == 1)
    };
    interrupt(t)
}

inline release(t, lock) {
    d_step {
        working[lock]--;
        if
        :: PASSES(t)
        :: else -> assert(holder[lock] == t); holder[lock] = NOBODY
        fi
    }
}

/* ---- blocks ---- */

inline exchange(t) {
    d_step {
        swap.count = loaded[t].count;
        swap.block[0] = loaded[t].block[0];
        loaded[t].count = spare[t].count;
        loaded[t].block[0] = spare[t].block[0];
        spare[t].count = swap.count;
        spare[t].block[0] = swap.block[0]
    }
}

/* Gives what a magazine holds to the slab; a bit that is clear is a block given twice. */
inline empty_into_slab(it) {
    d_step {
        do
        :: it.count > 0 ->
            it.count--;
            assert(out[it.block[it.count]]);
            out[it.block[it.count]] = false
        :: else -> break
        od
    }
}

/* A slab without memory asks the heap for some, without the class's lock meanwhile. */
inline grow(t) {
    release(t, CLASS);
    acquire(t, HEAP);
    release(t, HEAP);
    acquire(t, CLASS)
}

inline load(t) {
#ifndef WRONG_DEPOT_UNLOCKED
    acquire(t, CLASS);
#endif
    if
    :: depot.count > 0 ->
        loaded[t].block[0] = depot.block[0];
        loaded[t].count = depot.count;
        depot.count = 0
    :: else ->
        if
        :: true -> skip
#ifndef WRONG_DEPOT_UNLOCKED
        :: true -> grow(t)
#endif
        fi;
        d_step {
            b = 0;
            do
            :: b < BLOCKS && out[b] -> b++
            :: else -> break
            od;
            if
            :: b < BLOCKS ->
                out[b] = true;
                loaded[t].block[0] = b;
                loaded[t].count = 1
            :: else
            fi;
            b = 0
        }
    fi;
#ifndef WRONG_DEPOT_UNLOCKED
    release(t, CLASS)
#endif
}

inline store(t) {
    acquire(t, CLASS);
    if
    :: depot.count == 0 ->
        depot.block[0] = spare[t].block[0];
        depot.count = spare[t].count;
#ifdef WRONG_SPARE_KEPT
        skip
#else
        spare[t].count = 0
#endif
    :: else -> empty_into_slab(spare[t])
    fi;
#ifdef WRONG_ORDER
    acquire(t, LIST);
    release(t, LIST);
#endif
    release(t, CLASS);
    /* An empty magazine, if the depot has none. */
    acquire(t, POOL);
    acquire(t, HEAP);
    release(t, HEAP);
    release(t, POOL)
}

inline allocate(t) {
    if
    :: loaded[t].count == 0 ->
        inside[t] = true;
        if
        :: spare[t].count > 0 -> exchange(t)
        :: else -> load(t)
        fi;
        inside[t] = false
    :: else
    fi;
    d_step {
    if
    :: loaded[t].count > 0 ->
        loaded[t].count--;
        b = loaded[t].block[loaded[t].count];
        assert(!held[b]);
        held[b] = true;
        b = 0
    :: else
    fi
    }
}

/* One of those that the program has, whoever took it. */
inline free_one(t) {
    d_step {
        b = 0;
        do
        :: b < BLOCKS && !held[b] -> b++
        :: else -> break
        od;
        if
        :: b < BLOCKS -> held[b] = false
        :: else
        fi
    }
    if
    :: b < BLOCKS ->
        if
        :: loaded[t].count == ROOM ->
            inside[t] = true;
            if
            :: spare[t].count > 0 -> store(t)
            :: else
            fi;
            exchange(t);
            inside[t] = false
        :: else
        fi;
        d_step {
            assert(loaded[t].count < ROOM);
            loaded[t].block[loaded[t].count] = b;
            loaded[t].count++;
            b = 0
        }
    :: else -> b = 0
    fi
}

/* ---- forks and ends ---- */

inline fork_once(t) {
    inside[t] = true;
#ifdef WRONG_FORK_ORDER
    acquire_for_fork(t, HEAP);
    acquire_for_fork(t, CLASS);
    acquire_for_fork(t, POOL);
    acquire_for_fork(t, LIST);
#else
    acquire_for_fork(t, CLASS);
    acquire_for_fork(t, POOL);
#ifndef WRONG_FORK_FORGETS
    acquire_for_fork(t, HEAP);
#endif
    acquire_for_fork(t, LIST);
#endif
    forker = t;
    forking = true;
    inside[t] = false;
    /* Handlers of the program run now, and may allocate. */
    if
    :: true -> allocate(t)
    :: true -> skip
    fi;
    d_step {
        b = 0;
        do
        :: b < LOCKS -> assert(working[b] == 0); b++
        :: else -> break
        od;
        b = 0
    };
    inside[t] = true;
    forking = false;
    holder[LIST] = NOBODY;
    holder[HEAP] = NOBODY;
    holder[POOL] = NOBODY;
    holder[CLASS] = NOBODY;
    inside[t] = false
}

inline acquire_for_fork(t, lock) {
    atomic { holder[lock] == NOBODY -> holder[lock] = t };
    interrupt(t)
}

inline end_thread(t) {
    inside[t] = true;
    acquire(t, CLASS);
    empty_into_slab(spare[t]);
    empty_into_slab(loaded[t]);
    release(t, CLASS);
    acquire(t, LIST);
#ifdef WRONG_ORDER
    acquire(t, CLASS);
    release(t, CLASS);
#endif
    release(t, LIST);
    inside[t] = false
}

proctype thread(byte t) {
    byte b = 0;
    byte steps = 0;
    magazine swap;
    do
    :: steps < STEPS ->
        steps++;
        if
        :: allocate(t)
        :: free_one(t)
        :: fork_once(t)
        fi
    :: steps == STEPS -> break
    od;
    end_thread(t);
    ended++
}

/* In the end all is in the slab, the depot, or the program's hands. */
init {
    byte b = 0;
    byte found = 0;
    atomic {
        out[0] = true;
        held[0] = true;
        out[1] = true;
        held[1] = true;
        out[2] = true;
        depot.block[0] = 2;
        depot.count = 1;
        run thread(0);
        run thread(1)
    };
    ended == THREADS;
    do
    :: b < BLOCKS ->
        found = found + held[b];
        assert(!held[b] || out[b]);
        found = found + !out[b];
        b++
    :: else -> break
    od;
    assert(found + depot.count == BLOCKS)
}
