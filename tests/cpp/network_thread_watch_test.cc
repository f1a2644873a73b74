// The number of threads that a network keeps, by a clock that the tests set.
#include <cstddef>
#include <functional>
#include <vector>

#include "network/thread_watch.h"
#include "network_fixture.h"

namespace resnet50::testing {
namespace {

constexpr size_t kRows = 40;
constexpr ThreadWatch::Shape kSquare{1, 224, 224};

double now = 0;              // by the clock of all tests
Network* watched = nullptr;  // less time passes the fewer threads it uses
double TimeOfThreads() { return now += double(watched->threads()); }

// A machine on which a row takes a time that depends on the threads it runs on.
class Machine {
 public:
  using RowTime = std::function<double(size_t threads)>;

  Machine(size_t most, RowTime row_time) : row_time_(std::move(row_time)), watch_(most, kRows, [] { return now; }) {}

  // Threads of each row of a picture.
  std::vector<size_t> Run(const ThreadWatch::Shape& shape = kSquare) {
    std::vector<size_t> used;
    size_t threads = watch_.Begin(shape);
    for (size_t row = 0; row < kRows; ++row) {
      now += 100;  // between rows: what is not the network's time
      watch_.BeginRow();
      used.push_back(threads);
      now += row_time_(threads);
      threads = watch_.EndRow();
    }
    ++pictures_;
    return used;
  }
  // Pictures until a number was found.
  int RunUntilFound() {
    while (watch_.found() == 0 && pictures_ < 100) Run();
    return pictures_;
  }
  // A picture that is given up after some rows.
  void GiveUp(size_t rows) {
    watch_.Begin(kSquare);
    for (size_t row = 0; row < rows; ++row) {
      watch_.BeginRow();
      now += 1;
      watch_.EndRow();
    }
  }
  ThreadWatch& watch() { return watch_; }
  void Become(RowTime row_time) { row_time_ = std::move(row_time); }

 private:
  RowTime row_time_;
  int pictures_ = 0;
  ThreadWatch watch_;
};

double Idle(size_t threads) { return 8.0 / double(threads); }
// Each thread beyond the first costs more than it helps.
double OneProcessor(size_t threads) { return 8.0 + double(threads); }

TEST(ThreadWatch, WhereThreadsHelpAllAreKeptAtTheCostOfAnEighthOfTwoPictures) {
  Machine machine(4, Idle);
  size_t fewer = 0;
  for (int picture = 0; picture < 100; ++picture) {
    for (const size_t threads : machine.Run()) fewer += threads < 4;
  }
  EXPECT_EQ(machine.watch().found(), 4U);
  EXPECT_EQ(fewer, 2 * kRows / 8);
}

TEST(ThreadWatch, TheFirstPicturesRunOnAllThreads) {
  Machine machine(8, OneProcessor);
  for (int picture = 0; picture < 4; ++picture) EXPECT_EQ(machine.Run(), std::vector<size_t>(kRows, 8));
  EXPECT_EQ(machine.Run(), std::vector<size_t>(kRows, 4));
}

TEST(ThreadWatch, WhereOneThreadIsFastestItIsKept) {
  for (const size_t most : {2U, 3U, 4U, 8U}) {
    Machine machine(most, OneProcessor);
    EXPECT_LT(machine.RunUntilFound(), 40);
    EXPECT_EQ(machine.watch().found(), 1U) << most;
    EXPECT_EQ(machine.Run(), std::vector<size_t>(kRows, 1));
  }
}

TEST(ThreadWatch, TheNumberBetweenIsKeptWhereItIsFastest) {
  Machine machine(8, [](size_t threads) { return threads == 4 ? 1.0 : 2.0; });
  machine.RunUntilFound();
  EXPECT_EQ(machine.watch().found(), 4U);
}

TEST(ThreadWatch, EqualTimesKeepAll) {
  Machine machine(2, [](size_t) { return 1.0; });
  machine.RunUntilFound();
  EXPECT_EQ(machine.watch().found(), 2U);
}

TEST(ThreadWatch, AClockThatStandsStillKeepsAll) {
  Machine machine(4, [](size_t) { return 0.0; });
  machine.RunUntilFound();
  EXPECT_EQ(machine.watch().found(), 4U);
}

TEST(ThreadWatch, OnePictureThatWasHeldUpDoesNotDecide) {
  Machine machine(2, OneProcessor);
  for (int picture = 0; picture < 4; ++picture) machine.Run();
  machine.Become([](size_t) { return 50.0; });
  machine.Run();  // the first one on one thread
  machine.Become(OneProcessor);
  machine.RunUntilFound();
  EXPECT_EQ(machine.watch().found(), 1U);
}

TEST(ThreadWatch, AMachineThatWasBusyAtFirstGetsItsThreadsBack) {
  Machine machine(4, OneProcessor);
  machine.RunUntilFound();
  ASSERT_EQ(machine.watch().found(), 1U);
  machine.Become(Idle);
  for (int picture = 0; picture < 150; ++picture) machine.Run();
  EXPECT_EQ(machine.watch().found(), 4U);
}

TEST(ThreadWatch, WhereFewerThreadsStayFastestMoreAreTriedSeldom) {
  Machine machine(2, OneProcessor);
  machine.RunUntilFound();
  size_t two = 0;
  for (int picture = 0; picture < 1000; ++picture) {
    for (const size_t threads : machine.Run()) two += threads == 2;
  }
  EXPECT_EQ(machine.watch().found(), 1U);
  EXPECT_GT(two, 0U);
  EXPECT_LT(two, 1000 * kRows / 20);
}

TEST(ThreadWatch, PicturesOfAnotherShapeBeginAnew) {
  Machine machine(2, OneProcessor);
  machine.RunUntilFound();
  EXPECT_EQ(machine.Run({1, 64, 64}), std::vector<size_t>(kRows, 2));
  EXPECT_EQ(machine.watch().found(), 0U);
}

TEST(ThreadWatch, PicturesThatWereGivenUpDoNotCount) {
  Machine machine(2, Idle);
  for (int picture = 0; picture < 3; ++picture) machine.Run();
  for (int picture = 0; picture < 20; ++picture) machine.GiveUp(3);
  EXPECT_EQ(machine.Run(), std::vector<size_t>(kRows, 2));
  EXPECT_EQ(machine.Run().front(), 1U);
}

TEST(ThreadWatch, ANetworkGivesTheSameBitsWhileItTriesNumbersOfThreads) {
  constexpr int kClasses = 12;
  const auto layers = RandomFoldedLayers(kClasses, 7);
  const std::vector<float> image = RandomImage(1, 1, 32, 32);
  const auto alone = FloatNetwork(layers, kClasses);
  const std::vector<float> want = Logits(*alone, image, 1, 32, 32);
  const RangeMap ranges = CalibratedRanges(*alone, image, 1, 32, 32);
  const auto rounded = Rounded(layers, kClasses);
  const auto int8 = Int8Network(rounded, kClasses, ranges, ActivationBits::kSeven);
  const std::vector<float> want_int8 = Logits(*int8, image, 1, 32, 32);
  for (const bool real : {true, false}) {
    const auto network = real ? FloatNetwork(layers, kClasses, 2, TimeOfThreads)
                              : Int8Network(rounded, kClasses, ranges, ActivationBits::kSeven, 2, TimeOfThreads);
    watched = network.get();
    for (int picture = 0; picture < 12; ++picture) {
      ASSERT_EQ(Logits(*network, image, 1, 32, 32), real ? want : want_int8) << picture;
    }
    EXPECT_EQ(network->fastest_threads(), 1U);
    EXPECT_EQ(network->threads(), 1U);
  }
}

}  // namespace
}  // namespace resnet50::testing
