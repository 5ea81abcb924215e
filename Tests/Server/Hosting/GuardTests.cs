using System.Net;
using Xunit;

namespace WebBpf.Tests.Server.Hosting;

public sealed class GuardTests
{
    private const string Sessions = "/api/v1/sessions";

    [Fact]
    public async Task A_loopback_caller_needs_no_key()
    {
        using var server = new ServerFixture();
        Answer answer = await server.CreateClient().Get(Sessions);
        Assert.Equal(200, answer.Code);
        Assert.Equal("default", (string?)answer.Body!["items"]![0]!["name"]);
    }

    [Fact]
    public async Task A_caller_from_elsewhere_is_refused_without_a_key()
    {
        using var server = new ServerFixture { Remote = IPAddress.Parse("192.0.2.7") };
        Answer answer = await server.CreateClient().Get(Sessions);
        Assert.Equal(401, answer.Code);
        Assert.Equal("application/problem+json", answer.ContentType);
    }

    [Theory]
    [InlineData("X-Forwarded-For", "127.0.0.1")]
    [InlineData("Forwarded", "for=127.0.0.1")]
    [InlineData("X-Real-IP", "127.0.0.1")]
    [InlineData("Via", "1.1 proxy")]
    public async Task Forwarding_headers_take_the_loopback_rights_away(string name, string value)
    {
        using var server = new ServerFixture();
        Assert.Equal(401, (await server.CreateClient().Get(Sessions, (name, value))).Code);
    }

    [Theory]
    [InlineData("evil.example")]
    [InlineData("127.0.0.1.evil.example")]
    [InlineData("localhost.")]
    public async Task A_foreign_host_name_is_refused(string host)
    {
        using var server = new ServerFixture();
        Answer answer = await server.CreateClient().Get(Sessions, ("Host", host));
        Assert.Equal(400, answer.Code);
        Assert.Equal("Host", (string?)answer["field"]);
    }

    [Theory]
    [InlineData("Origin", "http://evil.example")]
    [InlineData("Origin", "null")]
    [InlineData("Origin", "http://localhost:81")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    public async Task Pages_of_other_sites_cannot_write(string name, string value)
    {
        using var server = new ServerFixture();
        HttpClient client = server.CreateClient();
        Answer answer = await client.Post(Sessions, "{}", (name, value));
        Assert.Equal(403, answer.Code);
        Assert.Equal("Origin", (string?)answer["field"]);
        Assert.Equal(403, (await client.Send(HttpMethod.Delete, Sessions + "/x", null, (name, value))).Code);
    }

    [Fact]
    public async Task The_servers_own_pages_and_allowed_origins_can_write()
    {
        using var server = new ServerFixture { Settings = { ["Auth:AllowedOrigins:0"] = "https://bpf.example" } };
        HttpClient client = server.CreateClient();
        Assert.Equal(201, (await client.Post(Sessions, "{}", ("Origin", "http://localhost"))).Code);
        Assert.Equal(201, (await client.Post(Sessions, "{}", ("Origin", "https://bpf.example"))).Code);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("multipart/form-data; boundary=x")]
    public async Task Forms_and_plain_text_are_not_taken_for_json(string type)
    {
        using var server = new ServerFixture();
        Answer answer = await server.CreateClient().PostBytes(Sessions, "{}"u8.ToArray(), type);
        Assert.Equal(415, answer.Code);
        Assert.Equal("Content-Type", (string?)answer["field"]);
    }

    [Fact]
    public async Task Keys_open_the_door_and_their_capabilities_bound_their_sessions()
    {
        const string admin = "a-bootstrap-key-of-good-length";
        using var server = new ServerFixture { Settings = { ["Auth:Mode"] = "ApiKey", ["Auth:BootstrapKey"] = admin } };
        HttpClient client = server.CreateClient();
        Assert.Equal(401, (await client.Get(Sessions)).Code);
        Assert.Equal(401, (await client.Get(Sessions, ("Authorization", "Bearer wrong"))).Code);

        Answer made = await client.Post("/api/v1/keys", """{"name":"ci","capabilities":["CAP_BPF"]}""", ("Authorization", "Bearer " + admin));
        Assert.Equal(201, made.Code);
        string key = (string)made["key"]!;
        Assert.Equal(200, (await client.Get(Sessions, ("X-Api-Key", key))).Code);
        Assert.Equal(403, (await client.Get("/api/v1/keys", ("X-Api-Key", key))).Code);
        Assert.Equal(403, (await client.Post(Sessions, """{"capabilities":["CAP_SYS_ADMIN"]}""", ("X-Api-Key", key))).Code);
        Assert.Equal(403, (await client.Post(Sessions, """{"uid":0}""", ("X-Api-Key", key))).Code);
        Assert.Equal(201, (await client.Post(Sessions, """{"capabilities":["CAP_BPF"]}""", ("X-Api-Key", key))).Code);

        Answer list = await client.Get("/api/v1/keys", ("Authorization", "Bearer " + admin));
        Assert.DoesNotContain(key, list.Text);
        Assert.Equal(204, (await client.Send(HttpMethod.Delete, "/api/v1/keys/" + (string)made["id"]!, null, ("Authorization", "Bearer " + admin))).Code);
        Assert.Equal(401, (await client.Get(Sessions, ("X-Api-Key", key))).Code);
    }

    [Fact]
    public async Task A_session_of_another_caller_does_not_exist()
    {
        const string admin = "a-bootstrap-key-of-good-length";
        using var server = new ServerFixture { Settings = { ["Auth:BootstrapKey"] = admin } };
        HttpClient client = server.CreateClient();
        string mine = (string)(await client.Post(Sessions, """{"name":"mine"}"""))["id"]!;
        Assert.Equal(200, (await client.Get($"{Sessions}/{mine}")).Code);
        Assert.Equal(404, (await client.Get($"{Sessions}/{mine}", ("X-Api-Key", admin))).Code);
        Assert.Equal(204, (await client.Send(HttpMethod.Delete, $"{Sessions}/{mine}")).Code);
        Assert.Equal(404, (await client.Get($"{Sessions}/{mine}")).Code);
        Assert.Equal(409, (await client.Send(HttpMethod.Delete, $"{Sessions}/default")).Code);
    }

    [Fact]
    public async Task Health_and_documents_need_no_key()
    {
        using var server = new ServerFixture { Settings = { ["Auth:Mode"] = "ApiKey", ["Auth:BootstrapKey"] = "a-bootstrap-key-of-good-length" } };
        HttpClient client = server.CreateClient();
        Assert.Equal("ok", (await client.Get("/healthz")).Text);
        Assert.Equal(200, (await client.Get("/swagger/v1/swagger.json")).Code);
        Assert.Contains("/swagger", (await client.Get("/")).Text);
        Assert.Equal(401, (await client.Get("/metrics")).Code);
    }
}
