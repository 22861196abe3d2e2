/* SPDX-License-Identifier: Apache-2.0 */
/*
 * barnes: N bodies under gravity, by the method of Barnes and Hut, with threads and barriers.
 *
 * Shows a real computation that goes on bit for bit: each step prints a digest of all positions and velocities,
 * and the digests after a capture, an undump and a launch are those of an uninterrupted run. One step is
 *
 *     kick and drift own bodies, note their extent | barrier
 *     build own octants of the tree                | barrier
 *     sum forces on own bodies, kick               | barrier
 *     thread 0 prints the digest                   | next step
 *
 * Rule that a change must keep: no sum may depend on which thread ran when. An octree is determined by its bodies,
 * masses are summed in the order of the children, and the force on a body by one walk of one thread. So the digest
 * is the same for any number of threads. Only + - * / and sqrt are used, which IEEE 754 rounds the same everywhere.
 *
 *   compile   make -C examples
 *   run       examples/target/bin/barnes 2000 400 4
 *   capture   bin/ckpt examples/target/bin/barnes 2000 400 4   in one terminal, and after some steps
 *             kill -USR2 PID                                   in another, with the PID of the first line
 *   undump    bin/undump --out fast-barnes myckpt.dat
 *   launch    ./fast-barnes                                    goes on with the next step, to the same last digest
 *
 * argv: [bodies, default 2000 [steps, default 400 [threads, default 4 [digest that must come out]]]]
 * Exit status: 0 when the energy is conserved (and the digest is the one asked for), 1 when not, 2 on usage.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { OCTANTS = 8, MAX_DEPTH = 48, MAX_THREADS = 1000, NONE = -1 };

static const double time_step = 0.005;
static const double opening_squared = 0.25; /* a cell is one body when (size / distance)^2 is below */
static const double softening_squared = 0.0025;
static const double allowed_drift = 0.01; /* of the energy at the start */

struct body {
    double position[3], velocity[3], acceleration[3];
    double mass, potential;
    int next; /* further body of the same leaf, only at MAX_DEPTH */
};

struct cell {
    double centre[3], half; /* the cube */
    double mass_centre[3], mass;
    int children[OCTANTS]; /* index of a cell or NONE */
    int first_body;        /* of a leaf, else NONE */
    int leaf;
};

struct tree {
    struct cell *cells;
    int count, capacity;
};

struct simulation {
    struct body *bodies;
    int body_count, steps, threads;
    struct tree octants[OCTANTS];
    double *extents; /* of each thread's bodies: largest coordinate, without sign */
    pthread_barrier_t barrier;
    double energy_first, energy_last;
    uint64_t digest;
};

struct worker {
    struct simulation *simulation;
    pthread_t thread;
    int number;
};

/* ---- tree ---- */

static int new_cell(struct tree *tree, const double centre[3], double half)
{
    if (tree->count == tree->capacity) {
        tree->capacity = tree->capacity == 0 ? 256 : tree->capacity * 2;
        tree->cells = realloc(tree->cells, (size_t)tree->capacity * sizeof *tree->cells);
        if (tree->cells == NULL) {
            fprintf(stderr, "barnes: no memory for %d cells\n", tree->capacity);
            exit(1);
        }
    }
    struct cell *cell = &tree->cells[tree->count];
    memset(cell, 0, sizeof *cell);
    memcpy(cell->centre, centre, sizeof cell->centre);
    cell->half = half;
    cell->leaf = 1;
    cell->first_body = NONE;
    for (int i = 0; i < OCTANTS; i++)
        cell->children[i] = NONE;
    return tree->count++;
}

static int octant_of(const double centre[3], const double position[3])
{
    return (position[0] >= centre[0] ? 1 : 0) | (position[1] >= centre[1] ? 2 : 0) | (position[2] >= centre[2] ? 4 : 0);
}

static void octant_centre(const double centre[3], double half, int octant, double ret_centre[3])
{
    for (int axis = 0; axis < 3; axis++)
        ret_centre[axis] = centre[axis] + ((octant >> axis & 1) != 0 ? half : -half) * 0.5;
}

static int child_for(struct tree *tree, int cell, const double position[3])
{
    int octant = octant_of(tree->cells[cell].centre, position);
    if (tree->cells[cell].children[octant] == NONE) {
        double centre[3];
        octant_centre(tree->cells[cell].centre, tree->cells[cell].half, octant, centre);
        int child = new_cell(tree, centre, tree->cells[cell].half * 0.5);
        tree->cells[cell].children[octant] = child;
    }
    return tree->cells[cell].children[octant];
}

static void insert_body(struct tree *tree, struct body *bodies, int body)
{
    int cell = 0;
    for (int depth = 0;; depth++) {
        struct cell *here = &tree->cells[cell];
        if (here->leaf && (here->first_body == NONE || depth == MAX_DEPTH)) {
            bodies[body].next = here->first_body;
            here->first_body = body;
            return;
        }
        if (here->leaf) { /* split: its one body moves a level down */
            int resident = here->first_body;
            here->leaf = 0;
            here->first_body = NONE;
            int child = child_for(tree, cell, bodies[resident].position);
            tree->cells[child].first_body = resident;
        }
        cell = child_for(tree, cell, bodies[body].position);
    }
}

static void sum_masses(struct tree *tree, const struct body *bodies, int index)
{
    struct cell *cell = &tree->cells[index];
    double moment[3] = { 0 };
    for (int body = cell->first_body; body != NONE; body = bodies[body].next) {
        cell->mass += bodies[body].mass;
        for (int axis = 0; axis < 3; axis++)
            moment[axis] += bodies[body].mass * bodies[body].position[axis];
    }
    for (int i = 0; i < OCTANTS; i++) {
        if (cell->children[i] == NONE)
            continue;
        sum_masses(tree, bodies, cell->children[i]);
        const struct cell *child = &tree->cells[cell->children[i]];
        cell->mass += child->mass;
        for (int axis = 0; axis < 3; axis++)
            moment[axis] += child->mass * child->mass_centre[axis];
    }
    for (int axis = 0; axis < 3 && cell->mass > 0; axis++)
        cell->mass_centre[axis] = moment[axis] / cell->mass;
}

static void build_octant(struct simulation *simulation, int octant, double extent)
{
    static const double origin[3] = { 0, 0, 0 };
    double centre[3];
    struct tree *tree = &simulation->octants[octant];
    octant_centre(origin, extent, octant, centre);
    tree->count = 0;
    new_cell(tree, centre, extent * 0.5);
    for (int body = 0; body < simulation->body_count; body++)
        if (octant_of(origin, simulation->bodies[body].position) == octant)
            insert_body(tree, simulation->bodies, body);
    sum_masses(tree, simulation->bodies, 0);
}

/* ---- forces and energy ---- */

static void pull(struct body *body, const double from[3], double mass)
{
    double d[3], squared = softening_squared;
    for (int axis = 0; axis < 3; axis++) {
        d[axis] = from[axis] - body->position[axis];
        squared += d[axis] * d[axis];
    }
    double pull_by_distance = mass / (squared * sqrt(squared));
    for (int axis = 0; axis < 3; axis++)
        body->acceleration[axis] += d[axis] * pull_by_distance;
}

static int far_enough(const struct cell *cell, const struct body *body)
{
    double squared = 0;
    for (int axis = 0; axis < 3; axis++) {
        double d = cell->mass_centre[axis] - body->position[axis];
        squared += d * d;
    }
    return 4 * cell->half * cell->half < opening_squared * squared;
}

static void walk(const struct tree *tree, const struct body *bodies, int index, struct body *body)
{
    const struct cell *cell = &tree->cells[index];
    if (!cell->leaf && far_enough(cell, body)) {
        pull(body, cell->mass_centre, cell->mass);
        return;
    }
    for (int other = cell->first_body; other != NONE; other = bodies[other].next)
        if (&bodies[other] != body)
            pull(body, bodies[other].position, bodies[other].mass);
    for (int i = 0; i < OCTANTS; i++)
        if (cell->children[i] != NONE)
            walk(tree, bodies, cell->children[i], body);
}

static void find_potential(const struct simulation *simulation, struct body *body)
{
    body->potential = 0;
    for (int other = 0; other < simulation->body_count; other++) {
        const struct body *from = &simulation->bodies[other];
        double squared = softening_squared;
        for (int axis = 0; axis < 3 && from != body; axis++)
            squared += (from->position[axis] - body->position[axis]) * (from->position[axis] - body->position[axis]);
        if (from != body)
            body->potential -= from->mass * body->mass / sqrt(squared);
    }
}

static double total_energy(const struct simulation *simulation)
{
    double energy = 0;
    for (int i = 0; i < simulation->body_count; i++) {
        const struct body *body = &simulation->bodies[i];
        double speed_squared = 0;
        for (int axis = 0; axis < 3; axis++)
            speed_squared += body->velocity[axis] * body->velocity[axis];
        energy += 0.5 * body->mass * speed_squared + 0.5 * body->potential;
    }
    return energy;
}

static uint64_t digest_of(const struct simulation *simulation)
{
    uint64_t digest = 0xcbf29ce484222325u;
    for (int i = 0; i < simulation->body_count; i++) {
        uint64_t words[6];
        memcpy(words, simulation->bodies[i].position, 3 * sizeof words[0]);
        memcpy(words + 3, simulation->bodies[i].velocity, 3 * sizeof words[0]);
        for (size_t byte = 0; byte < sizeof words; byte++)
            digest = (digest ^ (words[byte / 8] >> byte % 8 * 8 & 0xff)) * 0x100000001b3u;
    }
    return digest;
}

/* ---- steps ---- */

static double kick_and_drift(struct body *bodies, int first, int end)
{
    double extent = 0;
    for (int i = first; i < end; i++) {
        for (int axis = 0; axis < 3; axis++) {
            bodies[i].velocity[axis] += 0.5 * time_step * bodies[i].acceleration[axis];
            bodies[i].position[axis] += time_step * bodies[i].velocity[axis];
            extent = fmax(extent, fabs(bodies[i].position[axis]));
        }
    }
    return extent;
}

static void find_forces(struct simulation *simulation, int number, int first, int end)
{
    double extent = 0;
    for (int thread = 0; thread < simulation->threads; thread++)
        extent = fmax(extent, simulation->extents[thread]);
    for (int octant = number; octant < OCTANTS; octant += simulation->threads)
        build_octant(simulation, octant, extent);
    pthread_barrier_wait(&simulation->barrier);
    for (int i = first; i < end; i++) {
        struct body *body = &simulation->bodies[i];
        memset(body->acceleration, 0, sizeof body->acceleration);
        for (int octant = 0; octant < OCTANTS; octant++)
            walk(&simulation->octants[octant], simulation->bodies, 0, body);
    }
}

static void *work(void *argument)
{
    const struct worker *self = argument;
    struct simulation *simulation = self->simulation;
    struct body *bodies = simulation->bodies;
    int first = (int)((long)simulation->body_count * self->number / simulation->threads);
    int end = (int)((long)simulation->body_count * (self->number + 1) / simulation->threads);
    for (int i = first; i < end; i++)
        find_potential(simulation, &bodies[i]);
    pthread_barrier_wait(&simulation->barrier);
    if (self->number == 0)
        simulation->energy_first = total_energy(simulation);
    pthread_barrier_wait(&simulation->barrier);
    for (int step = 1; step <= simulation->steps; step++) {
        simulation->extents[self->number] = kick_and_drift(bodies, first, end);
        pthread_barrier_wait(&simulation->barrier);
        find_forces(simulation, self->number, first, end);
        for (int i = first; i < end; i++)
            for (int axis = 0; axis < 3; axis++)
                bodies[i].velocity[axis] += 0.5 * time_step * bodies[i].acceleration[axis];
        pthread_barrier_wait(&simulation->barrier);
        if (self->number == 0) {
            simulation->digest = digest_of(simulation);
            printf("step %d of %d, digest %016llx\n", step, simulation->steps, (unsigned long long)simulation->digest);
        }
        pthread_barrier_wait(&simulation->barrier);
    }
    for (int i = first; i < end; i++)
        find_potential(simulation, &bodies[i]);
    pthread_barrier_wait(&simulation->barrier);
    if (self->number == 0)
        simulation->energy_last = total_energy(simulation);
    return NULL;
}

/* ---- set-up ---- */

static double random_unit(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(*state >> 11) / 9007199254740992.0;
}

static void random_direction(uint64_t *state, double ret_direction[3])
{
    double squared;
    do {
        squared = 0;
        for (int axis = 0; axis < 3; axis++) {
            ret_direction[axis] = 2 * random_unit(state) - 1;
            squared += ret_direction[axis] * ret_direction[axis];
        }
    } while (squared > 1 || squared < 1e-4);
    for (int axis = 0; axis < 3; axis++)
        ret_direction[axis] /= sqrt(squared);
}

/* A Hernquist sphere of total mass 1 (its radii need nothing but sqrt), each body at half the escape velocity. */
static void place_bodies(struct simulation *simulation)
{
    uint64_t state = 42;
    for (int i = 0; i < simulation->body_count; i++) {
        struct body *body = &simulation->bodies[i];
        double direction[3], root = sqrt(0.9 * random_unit(&state));
        double radius = root / (1 - root);
        double speed = 0.5 * sqrt(2 / (1 + radius));
        body->mass = 1.0 / simulation->body_count;
        random_direction(&state, direction);
        for (int axis = 0; axis < 3; axis++)
            body->position[axis] = radius * direction[axis];
        random_direction(&state, direction);
        for (int axis = 0; axis < 3; axis++)
            body->velocity[axis] = speed * direction[axis];
    }
}

static int run_simulation(struct simulation *simulation)
{
    struct worker *workers = calloc((size_t)simulation->threads, sizeof *workers);
    simulation->bodies = calloc((size_t)simulation->body_count, sizeof *simulation->bodies);
    simulation->extents = calloc((size_t)simulation->threads, sizeof *simulation->extents);
    if (workers == NULL || simulation->bodies == NULL || simulation->extents == NULL)
        return -ENOMEM;
    place_bodies(simulation);
    pthread_barrier_init(&simulation->barrier, NULL, (unsigned)simulation->threads);
    for (int number = 0; number < simulation->threads; number++) {
        workers[number].simulation = simulation;
        workers[number].number = number;
        int error = pthread_create(&workers[number].thread, NULL, work, &workers[number]);
        if (error != 0)
            return -error; /* the process ends with its threads and its memory */
    }
    for (int number = 0; number < simulation->threads; number++)
        pthread_join(workers[number].thread, NULL);
    pthread_barrier_destroy(&simulation->barrier);
    for (int octant = 0; octant < OCTANTS; octant++)
        free(simulation->octants[octant].cells);
    free(simulation->bodies);
    free(simulation->extents);
    free(workers);
    return 0;
}

static int parse_count(const char *text, int most, int *ret_count)
{
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < 1 || value > most)
        return -EINVAL;
    *ret_count = (int)value;
    return 0;
}

int main(int argc, char **argv)
{
    struct simulation simulation = { .body_count = 2000, .steps = 400, .threads = 4 };
    if (argc > 5 || (argc > 1 && parse_count(argv[1], 10000000, &simulation.body_count) != 0) ||
        (argc > 2 && parse_count(argv[2], 1000000000, &simulation.steps) != 0) ||
        (argc > 3 && parse_count(argv[3], MAX_THREADS, &simulation.threads) != 0)) {
        fprintf(stderr, "usage: barnes [BODIES [STEPS [THREADS [DIGEST]]]]\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("barnes: pid %ld, %d bodies, %d steps, %d threads\n", (long)getpid(), simulation.body_count,
           simulation.steps, simulation.threads);
    int error = run_simulation(&simulation);
    if (error != 0) {
        fprintf(stderr, "barnes: cannot set up: %s\n", strerror(-error));
        return 1;
    }
    char digest[17];
    snprintf(digest, sizeof digest, "%016llx", (unsigned long long)simulation.digest);
    double drift = fabs((simulation.energy_last - simulation.energy_first) / simulation.energy_first);
    printf("digest %s energy drift %.2e\n", digest, drift);
    if (!(drift <= allowed_drift) && simulation.body_count > 1) {
        fprintf(stderr, "barnes: energy drifted by %.2e of its value, allowed are %.2e\n", drift, allowed_drift);
        return 1;
    }
    if (argc > 4 && strcmp(argv[4], digest) != 0) {
        fprintf(stderr, "barnes: the digest is %s, it should be %s\n", digest, argv[4]);
        return 1;
    }
    return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
