using WebBpf.Kernel.Syscall;
using WebBpf.Kernel.Uapi;
using WebBpf.Loader.Captures;
using WebBpf.Loader.Loading;
using WebBpf.Loader.Objects;
using Xunit;

namespace WebBpf.Tests.Parity.Samples;

/// <summary>
/// Every sample object on both kernels: both accept it, every packet of every capture gives equal return values and output bytes, and the
/// maps hold the same afterwards.
/// </summary>
public sealed class SampleParityTests
{
    public static TheoryData<string> Objects => [.. WebBpf.Tests.Samples.ObjectNames];

    [Theory]
    [MemberData(nameof(Objects))]
    public void A_sample_is_judged_and_runs_alike(string name)
    {
        using var pair = SamplePair.OpenOrSkip();
        BpfObject source = ObjectReader.Read(WebBpf.Tests.Samples.Object(name), name);
        (LoadResult ours, LoadResult theirs) = pair.Load(source);

        Assert.Equal(theirs.Programs.Select(p => (p.Name, p.Error)), ours.Programs.Select(p => (p.Name, p.Error)));
        Assert.All(theirs.Programs, p => Assert.True(p.Accepted, $"{p.Name}: {p.Log}"));

        pair.Prepare(source);
        foreach (LoadedProgram program in ours.Programs.Where(p => SamplePair.CanTestRun(p.Type)))
        {
            LoadedProgram other = theirs.Programs.Single(p => p.Name == program.Name);
            foreach (string capture in WebBpf.Tests.Samples.CaptureNames)
            {
                int number = 0;
                foreach (PacketRecord packet in CaptureReader.Read(WebBpf.Tests.Samples.Capture(capture)))
                {
                    TestRun there = pair.Linux.Run(other.Fd, packet.Data.Span);
                    TestRun here = pair.Ours.Run(program.Fd, packet.Data.Span);
                    Assert.True(there.Equals(here), $"{name} {program.Name}, packet {number} of {capture}: Linux {there}, here {here}");
                    number++;
                }
            }
        }

        foreach (LoadedMap map in ours.Maps.Where(m => SamplePair.CanCompare(m.Spec.Type)))
        {
            LoadedMap other = theirs.Maps.Single(m => m.Name == map.Name);
            Assert.Equal(pair.Linux.Entries(other), pair.Ours.Entries(map));
        }
    }

    [Theory]
    [MemberData(nameof(Objects))]
    public void The_statistics_of_the_verifier_are_the_same(string name)
    {
        using var pair = SamplePair.OpenOrSkip();
        (LoadResult ours, LoadResult theirs) = pair.Load(ObjectReader.Read(WebBpf.Tests.Samples.Object(name), name));
        Assert.Equal(theirs.Programs.Select(p => $"{p.Name}: {p.Log}"), ours.Programs.Select(p => $"{p.Name}: {p.Log}"));
    }
}
