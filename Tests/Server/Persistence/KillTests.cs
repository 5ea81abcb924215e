using WebBpf.Tests.Server.Hosting;
using Xunit;

namespace WebBpf.Tests.Server.Persistence;

/// <summary>What was acknowledged is there after kill -9.</summary>
public sealed class KillTests : IDisposable
{
    private readonly string _database = Path.Combine(Path.GetTempPath(), $"webbpf-kill-{Guid.NewGuid():N}.db");

    public void Dispose()
    {
        foreach (string file in Directory.GetFiles(Path.GetTempPath(), Path.GetFileName(_database) + "*"))
            File.Delete(file);
    }

    [Fact]
    public async Task Pins_directories_and_acknowledged_writes_survive()
    {
        using (ServerProcess server = await ServerProcess.Start(_database))
        {
            HttpClient client = server.Client;
            await Ok(client.Post("/api/v1/bpf/map_create", """{"map_type":"array","key_size":4,"value_size":4,"max_entries":2,"map_name":"lost"}"""));
            await Ok(client.Post("/api/v1/bpf/map_create", """{"map_type":"hash","key_size":4,"value_size":8,"max_entries":500,"map_name":"kept"}"""));
            await Ok(client.Send(HttpMethod.Put, "/api/v1/bpffs/dir", """{"kind":"dir"}"""));
            await Ok(client.Post("/api/v1/bpf/obj_pin", """{"bpf_fd":4,"pathname":"/sys/fs/bpf/dir/kept"}"""));
            for (int i = 0; i < 100; i++)
                await Ok(client.Send(HttpMethod.Put, $"/api/v1/maps/2/entries/{i:x2}000000", $$"""{"value":"{{i:x2}}00000000000000"}"""));
            await Ok(client.Send(HttpMethod.Delete, "/api/v1/maps/2/entries/07000000"));
            await Ok(client.Post("/api/v1/bpffs/dir/kept?rename=moved", "{}"));
            server.Kill();
        }

        using (ServerProcess server = await ServerProcess.Start(_database))
        {
            HttpClient client = server.Client;
            Answer file = await client.Get("/api/v1/bpffs/dir/moved");
            Assert.Equal((200, "map", 2), (file.Code, (string?)file["kind"], (int)file["id"]!));
            Assert.Equal(404, (await client.Get("/api/v1/bpffs/dir/kept")).Code);
            Assert.Equal(404, (await client.Get("/api/v1/maps/1")).Code);
            Answer entries = await client.Get("/api/v1/maps/2/entries?limit=1000");
            Assert.Equal(99, entries["items"]!.AsArray().Count);
            Assert.Equal("6300000000000000", (string?)(await client.Get("/api/v1/maps/2/entries/63000000"))["value"]);
            Assert.Equal(404, (await client.Get("/api/v1/maps/2/entries/07000000")).Code);

            Answer made = await client.Post("/api/v1/bpf/map_create", """{"map_type":"array","key_size":4,"value_size":4,"max_entries":2}""");
            Answer info = await client.Post("/api/v1/bpf/obj_get_info_by_fd", $$"""{"bpf_fd":{{(int)made["ret"]!}}}""");
            Assert.Equal(3, (int)info["info"]!["id"]!);
        }
    }

    [Fact]
    public async Task Writes_in_flight_at_the_kill_are_there_where_they_were_acknowledged()
    {
        var acknowledged = new List<int>();
        using (ServerProcess server = await ServerProcess.Start(_database))
        {
            HttpClient client = server.Client;
            await Ok(client.Post("/api/v1/bpf/map_create", """{"map_type":"hash","key_size":4,"value_size":4,"max_entries":100000}"""));
            await Ok(client.Post("/api/v1/bpf/obj_pin", """{"bpf_fd":3,"pathname":"/sys/fs/bpf/m"}"""));
            Task[] writers = [.. Enumerable.Range(0, 8).Select(w => Task.Run(() => Write(client, w, acknowledged)))];
            await Task.Delay(1500, TestContext.Current.CancellationToken);
            server.Kill();
            await Task.WhenAll(writers);
        }

        Assert.NotEmpty(acknowledged);
        using (ServerProcess server = await ServerProcess.Start(_database))
        {
            foreach (int key in acknowledged)
            {
                string hex = Convert.ToHexStringLower(BitConverter.GetBytes(key));
                Assert.Equal(hex, (string?)(await server.Client.Get($"/api/v1/maps/1/entries/{hex}"))["value"]);
            }
        }
    }

    private static async Task Write(HttpClient client, int writer, List<int> acknowledged)
    {
        for (int i = 0; i < 10_000; i++)
        {
            int key = (writer << 16) | i;
            string hex = Convert.ToHexStringLower(BitConverter.GetBytes(key));
            try
            {
                if ((await client.Send(HttpMethod.Put, $"/api/v1/maps/1/entries/{hex}", $$"""{"value":"{{hex}}"}""")).Code != 204)
                    return;
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                return;
            }

            lock (acknowledged)
                acknowledged.Add(key);
        }
    }

    private static async Task Ok(Task<Answer> call)
    {
        Answer answer = await call;
        Assert.True(answer.Code < 300, answer.Text);
    }
}
