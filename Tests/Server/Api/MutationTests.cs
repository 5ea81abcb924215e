using WebBpf.Tests.Server.Hosting;
using Xunit;

namespace WebBpf.Tests.Server.Api;

/// <summary>10,000 damaged objects and 10,000 damaged instruction streams: never a 500, never a crash, always a reason.</summary>
public sealed class MutationTests
{
    private const int Count = 10_000;
    private const int Workers = 2;

    [Fact]
    public async Task Damaged_objects_are_answered()
    {
        byte[][] originals = [.. Samples.ObjectNames.Select(Samples.Object)];
        await Throw((client, mutator, i) => client.PostBytes("/api/v1/objects?dry_run=true", mutator.Mutate(originals[i % originals.Length])));
    }

    [Fact]
    public async Task Damaged_instructions_are_answered()
    {
        byte[] original = Convert.FromHexString("bf16000000000000b700000000000000" + "6172040000000000" + "6161000000000000" + "bf13000000000000" + "070300000e000000" + "2d230200000000007111000000000000"
            + "5500010006000000b7000000020000009500000000000000");
        string[] types = ["xdp", "socket_filter", "sched_cls", "cgroup_skb", "tracepoint", "kprobe"];
        await Throw((client, mutator, i) =>
        {
            byte[] insns = mutator.Mutate(original);
            string hex = Convert.ToHexStringLower(insns.AsSpan(0, insns.Length & ~7));
            return client.Post("/api/v1/verify", $$"""{"prog_type":"{{types[i % types.Length]}}","insns":"{{hex}}","log_level":{{i % 3}}}""");
        });
    }

    private static async Task Throw(Func<HttpClient, Mutator, int, Task<Answer>> send)
    {
        using var server = new ServerFixture();
        HttpClient client = server.CreateClient();
        var bad = new List<string>();
        await Task.WhenAll(Enumerable.Range(0, Workers).Select(w => Task.Run(async () =>
        {
            var mutator = new Mutator(w);
            for (int i = w; i < Count; i += Workers)
            {
                Answer answer = await send(client, mutator, i);
                bool fine = answer.Code is < 400 or 422
                    || (answer.Code is 501 or 503 or 507 ? answer["errno"] is not null : answer.Code < 500 && answer["title"] is not null);
                lock (bad)
                {
                    if (!fine && bad.Count < 10)
                        bad.Add($"{i}: {answer.Code} {answer.Text}");
                }
            }
        })));
        Assert.Empty(bad);
        Assert.Equal("ok", (await client.Get("/healthz")).Text);
        Assert.Equal(0, (int)(await client.Get("/api/v1/kernel"))["counts"]!["programs"]!);
    }
}
